import type { ByteBuffer, Bytes } from "../base/buffer.ts";
import { ErrorCode } from "./error_code.ts";
import { Http2ConnectionError } from "./errors.ts";
import { Flag, FrameType, MAX_UINT31, uint32, writeFrameHeader } from "./frame.ts";
import { MAX_MAX_FRAME_BYTES, MIN_MAX_FRAME_BYTES } from "./limits.ts";

/** RFC 9113 6.5.2. */
export const Setting = {
  HEADER_TABLE_SIZE: 1,
  ENABLE_PUSH: 2,
  MAX_CONCURRENT_STREAMS: 3,
  INITIAL_WINDOW_SIZE: 4,
  MAX_FRAME_SIZE: 5,
  MAX_HEADER_LIST_SIZE: 6,
} as const;

const NAMES: readonly string[] = Object.keys(Setting);

/** How RFC 9113 calls a setting, without `SETTINGS_`; a number that it does not know stays one. */
export function settingName(id: number): string {
  return NAMES[id - 1] ?? `setting ${id}`;
}

/** A setting in a SETTINGS frame: u16 identifier, u32 value. */
const SETTING_SIZE = 6;

/** Appends a SETTINGS frame. */
export function writeSettings(
  buffer: ByteBuffer,
  settings: readonly (readonly [id: number, value: number])[],
): void {
  writeFrameHeader(buffer, settings.length * SETTING_SIZE, FrameType.SETTINGS, Flag.NONE, 0);
  for (const [id, value] of settings) {
    buffer.writeInt16(id);
    buffer.writeInt32(value);
  }
}

/**
 * Reads a SETTINGS frame's payload, and calls `set` for each setting in its order; those that are not known are skipped.
 *
 * @param fromServer Whether a server has sent it.
 * @throws {Http2ConnectionError} Where its length or a value is not allowed (RFC 9113 6.5, 6.5.2).
 */
export function readSettings(
  bytes: Bytes,
  start: number,
  end: number,
  fromServer: boolean,
  set: (id: number, value: number) => void,
): void {
  if ((end - start) % SETTING_SIZE !== 0) {
    const description = `SETTINGS of ${end - start} bytes is not a multiple of ${SETTING_SIZE}`;
    throw new Http2ConnectionError(ErrorCode.FRAME_SIZE_ERROR, description);
  }
  for (let at = start; at < end; at += SETTING_SIZE) {
    const id = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    const value = uint32(bytes, at + 2);
    check(id, value, fromServer);
    set(id, value);
  }
}

function check(id: number, value: number, fromServer: boolean): void {
  switch (id) {
    case Setting.ENABLE_PUSH: {
      const max = fromServer ? 0 : 1;
      if (value > max) {
        throw refused(ErrorCode.PROTOCOL_ERROR, `SETTINGS_ENABLE_PUSH ${value} is over ${max}`);
      }
      return;
    }
    case Setting.INITIAL_WINDOW_SIZE:
      if (value > MAX_UINT31) {
        throw refused(
          ErrorCode.FLOW_CONTROL_ERROR,
          `SETTINGS_INITIAL_WINDOW_SIZE ${value} is over ${MAX_UINT31}`,
        );
      }
      return;
    case Setting.MAX_FRAME_SIZE:
      if (value < MIN_MAX_FRAME_BYTES || value > MAX_MAX_FRAME_BYTES) {
        const range = `${MIN_MAX_FRAME_BYTES} to ${MAX_MAX_FRAME_BYTES}`;
        throw refused(ErrorCode.PROTOCOL_ERROR, `SETTINGS_MAX_FRAME_SIZE ${value} is not in ${range}`);
      }
      return;
  }
}

function refused(code: number, description: string): Http2ConnectionError {
  return new Http2ConnectionError(code, description);
}
