import type { ByteBuffer } from "../../mod.ts";
import { beginFrame, endFrame } from "../../src/ttheader/frame_encoder.ts";
import type { Frame } from "../../src/ttheader/frame.ts";

/**
 * Appends a whole frame to `buffer`, as the library writes the parts of one.
 *
 * @throws {RangeError} As `beginFrame`.
 */
export function writeFrame(buffer: ByteBuffer, frame: Frame): void {
  const start = beginFrame(buffer, frame);
  buffer.writeBytes(frame.payload);
  endFrame(buffer, start);
}
