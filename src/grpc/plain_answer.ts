import type { Bytes } from "../base/buffer.ts";
import type { HeaderField } from "../http2/hpack/field.ts";
import type { Http2Stream } from "../http2/stream.ts";
import type { Http2StreamEvents } from "../http2/stream_events.ts";

/**
 * A request that is none of gRPC's: it is answered when it has ended, in HTTP's own words. Before its end an answer
 * would cut off what the client is still sending.
 */
export class PlainAnswer implements Http2StreamEvents {
  readonly #http2: Http2Stream;
  readonly #fields: readonly HeaderField[];
  /** Undefined for an answer to HEAD, which has no body (RFC 9110 9.3.2). */
  readonly #text: string | undefined;

  constructor(http2: Http2Stream, fields: readonly HeaderField[], text: string | undefined) {
    this.#http2 = http2;
    this.#fields = fields;
    this.#text = text;
  }

  /** The request has ended. */
  send(): void {
    const text = this.#text;
    this.#http2.sendHeaders(this.#fields, text === undefined);
    if (text === undefined) return;
    this.#http2.sendData((buffer) => buffer.writeUtf8(text));
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
