import { type ClientStream, type ServerStream, wrapStream } from "../../mod.ts";

/** What has gone through a side: messages, and its good end as one more. */
export interface Counts {
  recv: number;
  recvEnds: number;
  send: number;
}

/** Calls `onMessage` for each message and `onEnd` at the good end, and hands all on. */
export function tapped<T>(
  onMessage: (message: T) => void,
  onEnd: () => void = () => {},
): TransformStream<T, T> {
  return new TransformStream<T, T>({
    transform(message, controller) {
      onMessage(message);
      controller.enqueue(message);
    },
    flush: onEnd,
  });
}

/** A stream of a client's whose messages are counted in both directions. */
export function countedCall(
  stream: ClientStream<unknown, unknown>,
  counts: Counts,
): ClientStream<unknown, unknown> {
  const sending = tapped(() => counts.send++);
  sending.readable.pipeTo(stream.writable).catch(() => {
    // The stream has ended, and says so to whoever writes.
  });
  const readable = stream.readable.pipeThrough(tapped(() => counts.recv++, () => counts.recvEnds++));
  return wrapStream(stream, { readable, writable: sending.writable });
}

/** The same around a method at the server. */
export async function countedMethod(
  stream: ServerStream<unknown, unknown>,
  next: (stream: ServerStream<unknown, unknown>) => Promise<void>,
  counts: Counts,
): Promise<void> {
  const sending = tapped(() => counts.send++);
  const piped = sending.readable.pipeTo(stream.writable);
  const readable = stream.readable.pipeThrough(tapped(() => counts.recv++, () => counts.recvEnds++));
  await Promise.all([next(wrapStream(stream, { readable, writable: sending.writable })), piped]);
}
