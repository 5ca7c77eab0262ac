/** Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html */

export interface ServerSentEvent {
  readonly event: string;
  /** Travels as JSON. */
  readonly data: unknown;
}

/**
 * The body of an answer of `text/event-stream`. Beside the events it has heartbeats: proxies close what has been silent
 * for long, and a page that answers them is still there.
 *
 * A reader that cancels the body ends `events` by its `return()`.
 */
export function eventStream(
  events: AsyncIterable<ServerSentEvent>,
  heartbeatMs: number,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const iterator = events[Symbol.asyncIterator]();
  const heartbeat = encode({ event: "heartbeat", data: {} });
  let timer: ReturnType<typeof setInterval> | undefined;
  return new ReadableStream({
    start(controller) {
      controller.enqueue(heartbeat);
      timer = setInterval(() => {
        // A reader that is behind has enough to read.
        if ((controller.desiredSize ?? 0) > 0) controller.enqueue(heartbeat);
      }, heartbeatMs);
    },
    async pull(controller) {
      try {
        const next = await iterator.next();
        if (!next.done) return controller.enqueue(encode(next.value));
        controller.close();
      } catch (error) {
        controller.error(error);
      }
      clearInterval(timer);
    },
    async cancel() {
      clearInterval(timer);
      await iterator.return?.();
    },
  });
}

const encoder = new TextEncoder();

function encode({ event, data }: ServerSentEvent): Uint8Array<ArrayBuffer> {
  return encoder.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}

/** The headers of such an answer. Nothing on its way may hold it back in order to compress or keep it. */
export const EVENT_STREAM_HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store, no-transform",
  "x-accel-buffering": "no",
} as const;
