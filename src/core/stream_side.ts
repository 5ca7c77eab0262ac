import type { Bytes } from "../base/buffer.ts";
import type { Codec } from "./codec.ts";
import type { Dialect } from "./dialect.ts";
import type { Side, StreamError, Where } from "./errors.ts";
import type { Failure } from "./failure.ts";
import { MessageReader, type ReadOwner, type ReadTimeouts } from "./message_reader.ts";
import { MessageWriter, type WriteOwner } from "./message_writer.ts";
import type { Observation } from "./observation.ts";
import { ReceiveQueue } from "./receive_queue.ts";
import { StreamState } from "./stream_state.ts";
import type { StreamSink } from "./transport.ts";
import { type ReadView, withReadView, withWriteView, type WriteView } from "./views.ts";

/** Under which the streams that users hold tell their side, so that a Proxy around one tells, too. */
export const SIDE: unique symbol = Symbol("side");

/**
 * One side of a stream, whatever protocol it speaks: its state, what has come and has not been read, and the views on
 * its two directions. What differs between the sides is how it ends: see {@linkcode ClientSide} and {@linkcode ServerSide}.
 *
 * ```
 * the user ─writes─> MessageWriter ─> StreamSink    ─> the protocol ─> the connection
 * the user <─reads─ MessageReader <─ ReceiveQueue  <─ PeerEvents   <─ the protocol
 * ```
 */
export abstract class StreamSide<Sink extends StreamSink, Cause> implements ReadOwner, WriteOwner {
  abstract readonly service: string;
  abstract readonly method: string;
  protected abstract readonly dialect: Dialect;
  sink: Sink;
  protected readonly state: StreamState<Cause>;
  protected readonly queue: ReceiveQueue;
  // Each view is let go at its end: who holds one web stream of an ended stream must not hold the other one with it.
  protected readView: ReadView | undefined;
  protected writeView: WriteView | undefined;
  /** Absent where nobody observes the stream. */
  protected observation: Observation | undefined;

  constructor(side: Side, sink: Sink) {
    this.sink = sink;
    this.state = new StreamState(side);
    this.queue = new ReceiveQueue(sink);
  }

  /** Which stream its errors speak of. */
  get where(): Where {
    return { side: this.state.side, service: this.service, method: this.method };
  }

  /** The protocol's name. */
  get protocol(): Dialect["name"] {
    return this.dialect.name;
  }

  recvMessage(payload: Bytes): void {
    if (!this.state.canReceive) return;
    this.queue.push(payload);
    if (this.observation !== undefined) this.observation.received(payload.length, this.sink);
  }

  compact(): void {
    this.queue.compact();
  }

  closedSend(): StreamError {
    return this.dialect.closedSend(this.where);
  }

  /** A reading side. Of several the first that reads has the messages. */
  protected makeReader<T>(codec: Codec<T>, timeouts: ReadTimeouts, known: boolean): MessageReader<T> {
    const reader = new MessageReader(this.queue, codec, this, timeouts);
    if (known) this.readView = withReadView(this.readView, reader);
    return reader;
  }

  /** A writing side; one that has failed already, where there is a failure. */
  protected makeWriter<T>(
    codec: Codec<T>,
    failure: Failure | undefined,
  ): MessageWriter<T> {
    const writer = new MessageWriter({
      sink: this.sink,
      state: this.state,
      codec,
      owner: this,
      observation: this.observation,
    });
    if (failure !== undefined) writer.fail(failure);
    else if (this.state.live) this.writeView = withWriteView(this.writeView, writer);
    return writer;
  }

  /** Reads reject with `failure`'s error at once; what is unread is dropped. */
  protected failReading(failure: Failure): void {
    if (this.readView === undefined) this.queue.break(failure);
    else this.readView.fail(failure);
    this.readView = undefined;
  }

  protected failWriting(failure: Failure): void {
    this.writeView?.fail(failure);
    this.writeView = undefined;
  }

  abstract readCanceled(reason: unknown): Promise<void> | undefined;
  abstract decodeFailed(error: unknown): void;
  abstract readDrained(): void;
  abstract readFinished(): void;
  abstract recvTimedOut(timeoutMs: number): void;
  abstract beforeSend(): void;
  abstract writeClosed(): void;
  abstract writeAborted(reason: unknown): Promise<void> | undefined;
  abstract whenEnded(task: () => void): () => void;
  abstract sourceThrew(error: unknown): void;
  abstract encodeFailed(error: unknown): void;
}
