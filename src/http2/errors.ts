import { errorCodeName } from "./error_code.ts";

/** The whole connection is broken (RFC 9113 5.4.1): the peer gets a GOAWAY with `code`, and every stream ends. */
export class Http2ConnectionError extends Error {
  override readonly name = "Http2ConnectionError";

  /**
   * @param code One of RFC 9113 7.
   * @param description What is wrong; it is also the debug text of the GOAWAY.
   */
  constructor(readonly code: number, readonly description: string, options?: ErrorOptions) {
    super(`HTTP/2 connection error ${errorCodeName(code)}: ${description}`, options);
  }
}

/** One stream is broken (RFC 9113 5.4.2): the peer gets an RST_STREAM with `code`, its neighbours go on. */
export class Http2StreamError extends Error {
  override readonly name = "Http2StreamError";

  /**
   * @param code One of RFC 9113 7.
   * @param description What is wrong.
   */
  constructor(readonly code: number, readonly description: string) {
    super(`HTTP/2 stream error ${errorCodeName(code)}: ${description}`);
  }
}
