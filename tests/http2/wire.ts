import { ByteBuffer, type Bytes } from "../../src/base/buffer.ts";
import { errorCodeName } from "../../src/http2/error_code.ts";
import {
  Flag,
  FRAME_HEADER_SIZE,
  FrameType,
  frameTypeName,
  PREFACE,
  uint31,
  uint32,
} from "../../src/http2/frame.ts";
import { writeFrameHeader } from "../../src/http2/frame.ts";
import { HpackDecoder } from "../../src/http2/hpack/decoder.ts";
import { HpackEncoder } from "../../src/http2/hpack/encoder.ts";
import type { HeaderField } from "../../src/http2/hpack/field.ts";

export const REQUEST: readonly HeaderField[] = [
  [":method", "POST"],
  [":scheme", "http"],
  [":path", "/a.B/C"],
  [":authority", "b"],
  ["te", "trailers"],
];
export const RESPONSE: readonly HeaderField[] = [[":status", "200"]];
export const TRAILERS: readonly HeaderField[] = [["grpc-status", "0"]];

/** A frame from its parts. */
export function frame(type: number, flags: number, id: number, payload: Iterable<number> = []): Bytes {
  const buffer = new ByteBuffer();
  const bytes = Uint8Array.from(payload);
  writeFrameHeader(buffer, bytes.length, type, flags, id);
  buffer.writeBytes(bytes);
  return buffer.toBytes();
}

export function u32(value: number): number[] {
  return [value >>> 24, value >> 16 & 0xff, value >> 8 & 0xff, value & 0xff];
}

/** A header block that leaves the dynamic table as it is. */
export function block(fields: readonly HeaderField[]): Bytes {
  const encoder = new HpackEncoder();
  encoder.limit(0);
  const buffer = new ByteBuffer();
  encoder.encode(buffer, fields);
  return buffer.toBytes();
}

export function headers(id: number, fields: readonly HeaderField[], flags: number = Flag.NONE): Bytes {
  return frame(FrameType.HEADERS, Flag.END_HEADERS | flags, id, block(fields));
}

export function data(id: number, payload: string | number, flags: number = Flag.NONE): Bytes {
  const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : new Uint8Array(payload);
  return frame(FrameType.DATA, flags, id, bytes);
}

export function rst(id: number, code: number): Bytes {
  return frame(FrameType.RST_STREAM, 0, id, u32(code));
}

export function windowUpdate(id: number, increment: number): Bytes {
  return frame(FrameType.WINDOW_UPDATE, 0, id, u32(increment));
}

export function settings(...pairs: readonly (readonly [id: number, value: number])[]): Bytes {
  return frame(FrameType.SETTINGS, 0, 0, pairs.flatMap(([id, value]) => [id >> 8, id & 0xff, ...u32(value)]));
}

export const SETTINGS_ACK: Bytes = frame(FrameType.SETTINGS, Flag.ACK, 0);

export function ping(payload: number, flags: number = Flag.NONE): Bytes {
  return frame(FrameType.PING, flags, 0, [...u32(0), ...u32(payload)]);
}

export function goAway(lastId: number, code: number, debug = ""): Bytes {
  return frame(FrameType.GOAWAY, 0, 0, [...u32(lastId), ...u32(code), ...new TextEncoder().encode(debug)]);
}

export function join(...parts: readonly Bytes[]): Bytes {
  const buffer = new ByteBuffer();
  for (const part of parts) buffer.writeBytes(part);
  return buffer.toBytes();
}

/** Puts what a connection sends into words, a line a frame. */
export class FrameWords {
  readonly #decoder = new HpackDecoder({ maxTableBytes: 4096, maxHeaderListBytes: 1 << 20 });

  read(bytes: Bytes): string[] {
    const lines: string[] = [];
    let at = 0;
    if (PREFACE.every((byte, i) => bytes[i] === byte)) {
      lines.push("preface");
      at = PREFACE.length;
    }
    while (at < bytes.length) {
      const length = uint32(bytes, at) >>> 8;
      const payload = bytes.subarray(at + FRAME_HEADER_SIZE, at + FRAME_HEADER_SIZE + length);
      lines.push(this.#line(bytes[at + 3] ?? 0, bytes[at + 4] ?? 0, uint31(bytes, at + 5), payload));
      at += FRAME_HEADER_SIZE + length;
    }
    return lines;
  }

  #line(type: number, flags: number, id: number, payload: Bytes): string {
    const name = id === 0 ? frameTypeName(type) : `${frameTypeName(type)} ${id}`;
    const end = (flags & Flag.END_STREAM) === 0 ? "" : " end";
    switch (type) {
      case FrameType.DATA:
        return `${name} ${text(payload)}${end}`;
      case FrameType.HEADERS: {
        if ((flags & Flag.END_HEADERS) === 0) return `${name} (${payload.length} bytes)${end}`;
        const { fields } = this.#decoder.decode(payload);
        return `${name} ${fields.map(([name, value]) => `${name}=${value}`).join(" ")}${end}`;
      }
      case FrameType.CONTINUATION:
        return `${name} (${payload.length} bytes)${(flags & Flag.END_HEADERS) === 0 ? "" : " end"}`;
      case FrameType.RST_STREAM:
        return `${name} ${errorCodeName(uint32(payload, 0))}`;
      case FrameType.WINDOW_UPDATE:
        return `${name} ${uint31(payload, 0)}`;
      case FrameType.GOAWAY: {
        const debug = new TextDecoder().decode(payload.subarray(8));
        return `${name} ${uint31(payload, 0)} ${errorCodeName(uint32(payload, 4))} ${debug}`.trimEnd();
      }
      case FrameType.PING:
        return `${name}${flags === 0 ? "" : " ack"} ${uint32(payload, 4)}`;
      case FrameType.SETTINGS:
        return flags === 0 ? `${name} (${payload.length / 6})` : `${name} ack`;
    }
    return name;
  }
}

/** Short payloads as they are, long ones by their length. */
function text(payload: Bytes): string {
  return payload.length <= 20
    ? JSON.stringify(new TextDecoder().decode(payload))
    : `(${payload.length} bytes)`;
}
