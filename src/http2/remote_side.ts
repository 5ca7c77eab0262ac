import { ErrorCode } from "./error_code.ts";
import { Http2StreamError } from "./errors.ts";
import { contentLength, fieldValue, responseFault, trailersFault } from "./field_check.ts";
import type { HeaderField } from "./hpack/field.ts";

/**
 * What the peer may still send on a stream: at a client interim answers, then the answer's headers; DATA; trailers
 * (RFC 9113 8.1). What it sends in another order, or malformed, is an error of the stream.
 */
export class RemoteSide {
  /** One field for all of it: every open stream has one. Of no body, whatever its content-length says, are answers to HEAD (RFC 9113 8.1.1). */
  #phase: "silent" | "silent, and of no body" | "begun" | "ended" = "silent";
  /** What content-length says is still to come, in bytes; undefined where it says nothing. */
  #expectedBytes: number | undefined;

  /** Whether END_STREAM has come. */
  get ended(): boolean {
    return this.#phase === "ended";
  }

  /** At a client: what is asked. */
  ask(fields: readonly HeaderField[]): void {
    if (fieldValue(fields, ":method") === "HEAD") this.#phase = "silent, and of no body";
  }

  /** At a server: a request, which has been checked. @throws {Http2StreamError} If its content-length is wrong. */
  request(id: number, fields: readonly HeaderField[], end: boolean): void {
    this.#phase = "begun";
    this.#expect(id, fields);
    if (end) this.end(id);
  }

  /** A header section has come. @throws {Http2StreamError} If it is malformed, or not its turn. */
  headers(id: number, fields: readonly HeaderField[], end: boolean): "interim" | "headers" | "trailers" {
    const phase = this.#phase;
    if (phase === "ended") throw streamError(id, ErrorCode.STREAM_CLOSED, "HEADERS after END_STREAM");
    const fault = phase === "begun" ? trailersFault(fields) : responseFault(fields);
    if (fault !== undefined) throw streamError(id, ErrorCode.PROTOCOL_ERROR, fault);
    if (phase === "begun") {
      if (!end) throw streamError(id, ErrorCode.PROTOCOL_ERROR, "trailers without END_STREAM");
      this.end(id);
      return "trailers";
    }
    const status = fieldValue(fields, ":status") ?? "";
    if (status.startsWith("1")) {
      if (!end) return "interim";
      throw streamError(id, ErrorCode.PROTOCOL_ERROR, `an interim response (${status}) with END_STREAM`);
    }
    this.#phase = "begun";
    // 304 has no body either.
    if (phase === "silent" && status !== "304") this.#expect(id, fields);
    if (end) this.end(id);
    return "headers";
  }

  /** DATA has come, with so many bytes beside its padding. @throws {Http2StreamError} If that is too much, or not its turn. */
  data(id: number, bytes: number): void {
    if (this.#phase === "ended") throw streamError(id, ErrorCode.STREAM_CLOSED, "DATA after END_STREAM");
    if (this.#phase !== "begun") throw streamError(id, ErrorCode.PROTOCOL_ERROR, "DATA before HEADERS");
    if (this.#expectedBytes === undefined) return;
    this.#expectedBytes -= bytes;
    if (this.#expectedBytes >= 0) return;
    throw streamError(id, ErrorCode.PROTOCOL_ERROR, "more DATA than content-length says");
  }

  /** END_STREAM has come. @throws {Http2StreamError} If there was less DATA than content-length says. */
  end(id: number): void {
    if (this.#expectedBytes !== undefined && this.#expectedBytes > 0) {
      const description = `${this.#expectedBytes} bytes less DATA than content-length says`;
      throw streamError(id, ErrorCode.PROTOCOL_ERROR, description);
    }
    this.#phase = "ended";
  }

  #expect(id: number, fields: readonly HeaderField[]): void {
    const length = contentLength(fields);
    if (typeof length === "string") throw streamError(id, ErrorCode.PROTOCOL_ERROR, length);
    this.#expectedBytes = length;
  }
}

/** What is wrong with a stream. */
export function streamError(id: number, code: number, description: string): Http2StreamError {
  return new Http2StreamError(code, `stream ${id}: ${description}`);
}
