/** Frames of TTHeader Streaming by hand: written and read here independently of the library that is on trial. */

/** The frame types; a type's place is its number on the wire. */
const TYPES = ["unknown", "meta", "header", "data", "trailer", "rst"] as const;
export type FrameName = typeof TYPES[number];

/** A frame to write. */
export interface Sketch {
  readonly type: FrameName;
  readonly sid: number;
  readonly method: string;
  readonly strings?: Readonly<Record<string, string>>;
  readonly payload?: Uint8Array;
}

/** A frame that was read. Of a payload only the first bytes are kept. */
export interface Seen {
  readonly type: FrameName;
  readonly sid: number;
  readonly method: string;
  readonly strings: Record<string, string>;
  readonly payloadBytes: number;
  readonly payload: Uint8Array;
}

const utf8 = new TextEncoder();
const text = new TextDecoder();
const STREAMING = 0x1000_0002;
const PAYLOAD_KEPT = 4096;

/** Gathers numbers and strings, big-endian, as Thrift and TTHeader write them. */
export class Bytes {
  readonly #bytes: number[] = [];
  u8(...values: number[]): this {
    this.#bytes.push(...values.map((v) => v & 255));
    return this;
  }
  u16(value: number): this {
    return this.u8(value >> 8, value);
  }
  u32(value: number): this {
    return this.u16(value >>> 16).u16(value);
  }
  string16(value: string): this {
    const bytes = utf8.encode(value);
    return this.u16(bytes.length).u8(...bytes);
  }
  string32(value: string): this {
    const bytes = utf8.encode(value);
    return this.u32(bytes.length).u8(...bytes);
  }
  done(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#bytes);
  }
}

export function write(frame: Sketch): Uint8Array<ArrayBuffer> {
  const info = new Bytes().u8(0x10, 0);
  const { "gdpr-token": token, ...pairs } = frame.strings ?? {};
  if (token !== undefined) info.u8(0x11).string16(token);
  const entries = Object.entries(pairs);
  if (entries.length > 0) {
    info.u8(0x01).u16(entries.length);
    for (const [key, value] of entries) info.string16(key).string16(value);
  }
  info.u8(0x10).u16(2).u16(27).string16(String(TYPES.indexOf(frame.type))).u16(9).string16(frame.method);
  while (info.done().length % 4 !== 0) info.u8(0);
  const header = info.done();
  const payload = frame.payload ?? new Uint8Array();
  const head = new Bytes().u32(10 + header.length + payload.length).u32(STREAMING).u32(frame.sid).u16(
    header.length / 4,
  );
  return concat([head.done(), header, payload]);
}

/** The payload of a Rst, or of a Trailer with an error. */
export function exception(
  method: string,
  sid: number,
  code: number,
  message: string,
): Uint8Array<ArrayBuffer> {
  return new Bytes().u32(0x8001_0003).string32(method).u32(sid)
    .u8(11).u16(1).string32(message).u8(8).u16(2).u32(code).u8(0).done();
}

/** The payload of a Data frame: the IDL's Message. */
export function message(value: string): Uint8Array<ArrayBuffer> {
  return new Bytes().u8(11).u16(1).string32(value).u8(10).u16(2).u32(0).u32(0).u8(11).u16(3).u32(0).u8(0)
    .done();
}

/** A frame without the flag of streaming: whoever reads it gives its connection up. */
export const NO_FRAME = new Bytes().u32(14).u32(0x1000_0000).u32(1).u16(1).u32(0x1000_0000).done();

/** What an exception's payload says; undefined where it cannot be read. */
export function readException(payload: Uint8Array): { code: number; message: string } | undefined {
  try {
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    if (view.getUint32(0) !== 0x8001_0003) return undefined;
    let at = 4 + 4 + view.getUint32(4) + 4;
    let message = "";
    let code = 0;
    for (let type = view.getUint8(at); type !== 0; type = view.getUint8(at)) {
      const id = view.getUint16(at + 1);
      at += 3;
      if (type === 11) {
        const length = view.getUint32(at);
        if (id === 1) message = text.decode(payload.subarray(at + 4, at + 4 + length));
        at += 4 + length;
      } else if (type === 8) {
        if (id === 2) code = view.getInt32(at);
        at += 4;
      } else return undefined;
    }
    return { code, message };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Reads frames from pieces of any length. */
export class Reader {
  #pending = new Uint8Array();
  #skip = 0;
  readonly #found: (frame: Seen) => void;

  constructor(found: (frame: Seen) => void) {
    this.#found = found;
  }

  push(chunk: Uint8Array): void {
    const skipped = Math.min(this.#skip, chunk.length);
    this.#skip -= skipped;
    if (skipped === chunk.length) return;
    let bytes = concat([this.#pending, chunk.subarray(skipped)]);
    for (let used = this.#take(bytes); used > 0; used = this.#take(bytes)) {
      const missing = used - bytes.length;
      if (missing > 0) this.#skip = missing;
      bytes = bytes.subarray(Math.min(used, bytes.length));
    }
    this.#pending = bytes;
  }

  /** How many bytes the first frame has, its missing ones included; 0 where too little of it is here. */
  #take(bytes: Uint8Array): number {
    if (bytes.length < 14) return 0;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const total = 4 + view.getUint32(0);
    const payloadAt = 14 + 4 * view.getUint16(12);
    if (bytes.length < Math.min(total, payloadAt + PAYLOAD_KEPT)) return 0;
    const { type, method, strings } = readInfo(bytes.subarray(16, payloadAt));
    const payload = bytes.slice(payloadAt, Math.min(total, payloadAt + PAYLOAD_KEPT));
    this.#found({ type, method, strings, sid: view.getInt32(8), payload, payloadBytes: total - payloadAt });
    return total;
  }
}

function readInfo(bytes: Uint8Array): Pick<Seen, "type" | "method" | "strings"> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const strings: Record<string, string> = {};
  let type: Seen["type"] = "unknown";
  let method = "";
  let at = 0;
  const string = (): string => {
    const start = at + 2;
    at = start + view.getUint16(at);
    return text.decode(bytes.subarray(start, at));
  };
  while (at < bytes.length) {
    const block = view.getUint8(at++);
    if (block === 0x11) strings["gdpr-token"] = string();
    if (block !== 0x01 && block !== 0x10) continue;
    let count = view.getUint16(at);
    for (at += 2; count > 0; count--) {
      if (block === 0x01) {
        const key = string();
        strings[key] = string();
      } else {
        const key = view.getUint16(at);
        at += 2;
        const value = string();
        if (key === 9) method = value;
        if (key === 27) type = TYPES[Number(value)] ?? "unknown";
      }
    }
  }
  return { type, method, strings };
}

export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
