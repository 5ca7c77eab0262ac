import { handled } from "../handled.ts";

/**
 * A WritableStream whose rejections end no process: a stream may end between two writes, and `await writer.ready;
 * writer.write(…)`, as MDN shows it, leaves that write's promise alone. Whoever awaits one still sees it reject.
 */
export class MessageSink<T> extends WritableStream<T> {
  override getWriter(): WritableStreamDefaultWriter<T> {
    return new HandledWriter(this);
  }

  override close(): Promise<void> {
    return handled(super.close());
  }

  override abort(reason?: unknown): Promise<void> {
    return handled(super.abort(reason));
  }
}

/** The platform marks `closed` and `ready` itself. */
class HandledWriter<T> extends WritableStreamDefaultWriter<T> {
  override write(message?: T): Promise<void> {
    return handled(super.write(message));
  }

  override close(): Promise<void> {
    return handled(super.close());
  }

  override abort(reason?: unknown): Promise<void> {
    return handled(super.abort(reason));
  }
}
