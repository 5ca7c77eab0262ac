import { ErrorCode } from "./error_code.ts";
import { Http2ConnectionError } from "./errors.ts";
import { frameTypeName } from "./frame.ts";
import type { FrameReader } from "./frame_reader.ts";

/** The frame needs a stream. @throws {Http2ConnectionError} Where it has none. */
export function checkStream({ type, streamId }: FrameReader): void {
  if (streamId !== 0) return;
  throw new Http2ConnectionError(ErrorCode.PROTOCOL_ERROR, `${frameTypeName(type)} without a stream`);
}

/** The frame is the connection's alone. @throws {Http2ConnectionError} Where it has a stream. */
export function checkNoStream({ type, streamId }: FrameReader): void {
  if (streamId === 0) return;
  const description = `${frameTypeName(type)} of stream ${streamId}: it is the connection's alone`;
  throw new Http2ConnectionError(ErrorCode.PROTOCOL_ERROR, description);
}

/** The frame has so many bytes. @throws {Http2ConnectionError} Where it has more, or less. */
export function checkSize({ type, start, end }: FrameReader, size: number): void {
  if (end - start === size) return;
  const description = `${frameTypeName(type)} of ${end - start} bytes, not ${size}`;
  throw new Http2ConnectionError(ErrorCode.FRAME_SIZE_ERROR, description);
}

/**
 * The length of the padding at the end of a padded frame (RFC 9113 6.1), without the byte that says it.
 *
 * @throws {Http2ConnectionError} Where the frame has no room for it.
 */
export function paddingBytes({ type, bytes, start, end }: FrameReader): number {
  const size = end - start;
  const padding = bytes[start] ?? 0;
  if (size === 0) {
    const description = `${frameTypeName(type)} of 0 bytes is padded`;
    throw new Http2ConnectionError(ErrorCode.FRAME_SIZE_ERROR, description);
  }
  if (padding >= size) {
    const description = `${frameTypeName(type)} of ${size} bytes with a padding of ${padding}`;
    throw new Http2ConnectionError(ErrorCode.PROTOCOL_ERROR, description);
  }
  return padding;
}

/** The fields of a priority: u1 exclusive, u31 parent, u8 weight (RFC 9113 6.3). */
export const PRIORITY_SIZE = 5;
