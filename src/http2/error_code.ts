/** Why a stream or a connection ends before its time (RFC 9113 7). */
export const ErrorCode = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  INTERNAL_ERROR: 2,
  FLOW_CONTROL_ERROR: 3,
  SETTINGS_TIMEOUT: 4,
  STREAM_CLOSED: 5,
  FRAME_SIZE_ERROR: 6,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  COMPRESSION_ERROR: 9,
  CONNECT_ERROR: 10,
  ENHANCE_YOUR_CALM: 11,
  INADEQUATE_SECURITY: 12,
  HTTP_1_1_REQUIRED: 13,
} as const;

const NAMES: readonly string[] = Object.keys(ErrorCode);

/** How RFC 9113 calls an error code; a number that it does not know, such as Kitex's 1000, stays one. */
export function errorCodeName(code: number): string {
  return NAMES[code] ?? `error code ${code}`;
}
