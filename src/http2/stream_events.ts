import type { Bytes } from "../base/buffer.ts";
import type { Http2StreamError } from "./errors.ts";
import type { HeaderField } from "./hpack/field.ts";

/** What a stream tells whoever has opened it, or has been told of it. The last two end it, and nothing follows. */
export interface Http2StreamEvents {
  /** At a client: the response's header section; interim ones (1xx) are skipped. */
  headers(fields: HeaderField[], end: boolean): void;
  /**
   * Bytes of DATA, a view on what was read. They count against the stream's window until they are `consumed`.
   *
   * @param end Whether the peer's side ends with them; `bytes` may be empty then.
   */
  data(bytes: Bytes, end: boolean): void;
  /** The trailer section, which ends the peer's side. */
  trailers(fields: HeaderField[]): void;
  /**
   * The stream was reset.
   *
   * @param error What is wrong with what the peer has sent, for which it was reset here; undefined where the peer did.
   */
  reset(code: number, error: Http2StreamError | undefined): void;
  /**
   * The connection is gone, or the peer takes the stream no more.
   *
   * @param begun False where the peer has certainly not acted on it: its HEADERS never left, or a GOAWAY says so.
   */
  lost(begun: boolean, error: unknown): void;
}
