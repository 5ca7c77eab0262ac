import { ErrorCode } from "./error_code.ts";
import { Http2StreamError } from "./errors.ts";
import { contentLength, fieldValue, responseFault, trailersFault } from "./field_check.ts";
import type { HeaderField } from "./hpack/field.ts";

type Phase = "silent" | "silent, and of no body" | "begun" | "ended";

/**
 * What the peer may still send on a stream: at a client interim answers, then the answer's headers; DATA; trailers
 * (RFC 9113 8.1). What it sends in another order, or malformed, is an error of the stream.
 *
 * One does not change, it is followed by another: nearly all streams share the few there are.
 */
export class RemoteSide {
  /** Its headers are to come; not to HEAD, whose answer has no body, whatever its content-length says (RFC 9113 8.1.1). */
  static readonly SILENT: RemoteSide = new RemoteSide("silent");
  static readonly #BODILESS = new RemoteSide("silent, and of no body");
  /** Its headers, not interim ones, have come, and say nothing of a length. */
  static readonly #BEGUN = new RemoteSide("begun");
  static readonly #ENDED = new RemoteSide("ended");

  readonly #phase: Phase;
  /** What content-length says is still to come, in bytes; undefined where it says nothing. */
  readonly #expectedBytes: number | undefined;

  private constructor(phase: Phase, expectedBytes?: number) {
    this.#phase = phase;
    this.#expectedBytes = expectedBytes;
  }

  /** Whether headers, not interim ones, have come. */
  get begun(): boolean {
    return this.#phase === "begun" || this.#phase === "ended";
  }

  /** Whether END_STREAM has come. */
  get ended(): boolean {
    return this.#phase === "ended";
  }

  /** At a client: what is asked. */
  ask(fields: readonly HeaderField[]): RemoteSide {
    return fieldValue(fields, ":method") === "HEAD" ? RemoteSide.#BODILESS : this;
  }

  /** At a server: a request, which has been checked. @throws {Http2StreamError} If its content-length is wrong. */
  request(id: number, fields: readonly HeaderField[], end: boolean): RemoteSide {
    return RemoteSide.#begin(id, fields, end);
  }

  /**
   * A header section has come: trailers where headers had, an interim answer where they have not even then.
   *
   * @throws {Http2StreamError} If it is malformed, or not its turn.
   */
  headers(id: number, fields: readonly HeaderField[], end: boolean): RemoteSide {
    const phase = this.#phase;
    if (phase === "ended") throw streamError(id, ErrorCode.STREAM_CLOSED, "HEADERS after END_STREAM");
    const fault = phase === "begun" ? trailersFault(fields) : responseFault(fields);
    if (fault !== undefined) throw streamError(id, ErrorCode.PROTOCOL_ERROR, fault);
    if (phase === "begun") {
      if (end) return this.end(id);
      throw streamError(id, ErrorCode.PROTOCOL_ERROR, "trailers without END_STREAM");
    }
    const status = fieldValue(fields, ":status") ?? "";
    if (status.startsWith("1")) {
      if (!end) return this;
      throw streamError(id, ErrorCode.PROTOCOL_ERROR, `an interim response (${status}) with END_STREAM`);
    }
    // 304 has no body either.
    if (phase === "silent" && status !== "304") return RemoteSide.#begin(id, fields, end);
    return end ? RemoteSide.#ENDED : RemoteSide.#BEGUN;
  }

  /** DATA has come, with so many bytes beside its padding. @throws {Http2StreamError} If that is too much, or not its turn. */
  data(id: number, bytes: number): RemoteSide {
    if (this.#phase === "ended") throw streamError(id, ErrorCode.STREAM_CLOSED, "DATA after END_STREAM");
    if (this.#phase !== "begun") throw streamError(id, ErrorCode.PROTOCOL_ERROR, "DATA before HEADERS");
    if (this.#expectedBytes === undefined) return this;
    const expectedBytes = this.#expectedBytes - bytes;
    if (expectedBytes >= 0) return new RemoteSide("begun", expectedBytes);
    throw streamError(id, ErrorCode.PROTOCOL_ERROR, "more DATA than content-length says");
  }

  /** END_STREAM has come. @throws {Http2StreamError} If there was less DATA than content-length says. */
  end(id: number): RemoteSide {
    if (this.#expectedBytes !== undefined && this.#expectedBytes > 0) {
      const description = `${this.#expectedBytes} bytes less DATA than content-length says`;
      throw streamError(id, ErrorCode.PROTOCOL_ERROR, description);
    }
    return RemoteSide.#ENDED;
  }

  static #begin(id: number, fields: readonly HeaderField[], end: boolean): RemoteSide {
    const length = contentLength(fields);
    if (typeof length === "string") throw streamError(id, ErrorCode.PROTOCOL_ERROR, length);
    const begun = length === undefined ? RemoteSide.#BEGUN : new RemoteSide("begun", length);
    return end ? begun.end(id) : begun;
  }
}

/** What is wrong with a stream. */
export function streamError(id: number, code: number, description: string): Http2StreamError {
  return new Http2StreamError(code, `stream ${id}: ${description}`);
}
