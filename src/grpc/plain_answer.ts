import type { Bytes } from "../base/buffer.ts";
import type { Http2Stream } from "../http2/stream.ts";
import type { Http2StreamEvents } from "../http2/stream_events.ts";

/**
 * A request that is none of gRPC's: it is answered when it has ended, in HTTP's own words. Before its end an answer
 * would cut off what the client is still sending.
 */
export class PlainAnswer implements Http2StreamEvents {
  readonly #http2: Http2Stream;
  readonly #status: string;
  readonly #text: string;

  constructor(http2: Http2Stream, status: string, text: string) {
    this.#http2 = http2;
    this.#status = status;
    this.#text = text;
  }

  /** The request has ended. */
  send(): void {
    this.#http2.sendHeaders(
      [[":status", this.#status], ["content-type", "text/plain; charset=utf-8"]],
      false,
    );
    this.#http2.sendData((buffer) => buffer.writeUtf8(this.#text));
    this.#http2.end();
  }

  headers(): void {
    // A server gets trailers only.
  }

  data(bytes: Bytes, end: boolean): void {
    this.#http2.consumed(bytes.length);
    if (end) this.send();
  }

  trailers(): void {
    this.send();
  }

  reset(): void {
    // Nobody waits for it any more.
  }

  lost(): void {
    // As above.
  }
}
