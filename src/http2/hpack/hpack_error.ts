/**
 * A header block that cannot be decoded. The dynamic tables of the two ends no longer agree after it, so it ends
 * the connection: COMPRESSION_ERROR (RFC 9113 4.3).
 */
export class HpackError extends Error {
  /** Always `"HpackError"`. */
  override readonly name = "HpackError";
}
