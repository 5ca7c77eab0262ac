import type { ByteDuplex } from "../../mod.ts";
import type { Bytes } from "../../src/base/buffer.ts";
import { ErrorCode, errorCodeName } from "../../src/http2/error_code.ts";
import { Flag, FRAME_HEADER_SIZE, FrameType, PREFACE, uint31, uint32 } from "../../src/http2/frame.ts";
import { HpackDecoder } from "../../src/http2/hpack/decoder.ts";
import type { HeaderField } from "../../src/http2/hpack/field.ts";
import { data, frame, headers, join, rst, settings, SETTINGS_ACK } from "../http2/wire.ts";

/** A frame of a stream, or a GOAWAY, as a test looks at it. */
export type PeerFrame =
  | { readonly type: "HEADERS"; readonly id: number; readonly fields: HeaderField[]; readonly end: boolean }
  | { readonly type: "DATA"; readonly id: number; readonly bytes: Bytes; readonly end: boolean }
  | { readonly type: "RST_STREAM"; readonly id: number; readonly code: number }
  | { readonly type: "GOAWAY"; readonly id: number; readonly code: number; readonly debug: string };

/** What every client of gRPC says of a call. */
export const CALL: readonly HeaderField[] = [
  [":method", "POST"],
  [":scheme", "http"],
  [":path", "/Test/Echo"],
  [":authority", "ServiceB"],
  ["content-type", "application/grpc"],
  ["te", "trailers"],
  ["grpc-accept-encoding", "identity,gzip"],
];
/** How every answer of gRPC begins. */
export const ANSWER: readonly HeaderField[] = [[":status", "200"], ["content-type", "application/grpc"]];
export const OK: readonly HeaderField[] = [["grpc-status", "0"]];

/**
 * The other end of an HTTP/2 connection, frame by frame: for tests that script the wire. It answers SETTINGS and PINGs
 * by itself, and says nothing of windows unless it is told to.
 */
export class Http2Peer implements AsyncDisposable {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #decoder = new HpackDecoder({ maxTableBytes: 4096, maxHeaderListBytes: 1 << 24 });
  readonly #frames: PeerFrame[] = [];
  readonly #running: Promise<void>;
  #buffer: Bytes = new Uint8Array();
  #over = false;
  #arrival: PromiseWithResolvers<void> = Promise.withResolvers();
  #preface: number;
  /** What it has been granted by WINDOW_UPDATEs, by stream. */
  readonly granted: Map<number, number> = new Map();

  constructor(
    role: "client" | "server",
    { readable, writable }: ByteDuplex,
    ...pairs: readonly [id: number, value: number][]
  ) {
    this.#reader = readable.getReader();
    this.#writer = writable.getWriter();
    this.#preface = role === "server" ? PREFACE.length : 0;
    this.#running = this.#run();
    this.send(...(role === "client" ? [PREFACE] : []), settings(...pairs));
  }

  /** The next frame that is not SETTINGS, PING or WINDOW_UPDATE; `undefined` where the connection was closed. */
  async next(): Promise<PeerFrame | undefined> {
    while (this.#frames.length === 0 && !this.#over) await this.#arrival.promise;
    return this.#frames.shift();
  }

  /** The next frame as a line. */
  async line(): Promise<string> {
    const next = await this.next();
    return next === undefined ? "the end" : lineOf(next);
  }

  /** The lines of all frames until the connection is closed, GOAWAYs left out. */
  async lines(): Promise<string[]> {
    const lines: string[] = [];
    for (let next = await this.next(); next !== undefined; next = await this.next()) {
      if (next.type !== "GOAWAY") lines.push(lineOf(next));
    }
    return lines;
  }

  /** The next frame, which must be HEADERS. */
  async headers(): Promise<ReadonlyMap<string, string>> {
    const next = await this.next();
    if (next?.type === "HEADERS") return new Map(next.fields);
    throw new Error(`expected HEADERS, got ${next === undefined ? "the end" : lineOf(next)}`);
  }

  /** Sends frames in one write; a connection that has gone takes them as well. */
  async send(...frames: readonly Bytes[]): Promise<void> {
    await this.#writer.write(join(...frames)).catch(() => {
      // What the test waits for says how it ended.
    });
  }

  /** Hangs up. */
  async close(): Promise<void> {
    await this.#writer.close().catch(() => {});
    await this.#reader.cancel().catch(() => {});
    await this.#running;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (done) break;
        this.#buffer = join(this.#buffer, new Uint8Array(value));
        this.#take();
      }
    } catch {
      // A connection that breaks has ended, too.
    }
    this.#over = true;
    this.#arrival.resolve();
    // As sockets are closed: whoever waits for our end must not wait for the test's.
    await this.#writer.close().catch(() => {});
  }

  #take(): void {
    let at = Math.min(this.#preface, this.#buffer.length);
    this.#preface -= at;
    for (;;) {
      const bytes = this.#buffer;
      if (bytes.length - at < FRAME_HEADER_SIZE) break;
      const end = at + FRAME_HEADER_SIZE + (uint32(bytes, at) >>> 8);
      if (bytes.length < end) break;
      const payload = bytes.slice(at + FRAME_HEADER_SIZE, end);
      this.#frame(bytes[at + 3] ?? 0, bytes[at + 4] ?? 0, uint31(bytes, at + 5), payload);
      at = end;
    }
    this.#buffer = this.#buffer.slice(at);
  }

  #frame(type: number, flags: number, id: number, payload: Bytes): void {
    const end = (flags & Flag.END_STREAM) !== 0;
    switch (type) {
      case FrameType.HEADERS:
        return this.#push({ type: "HEADERS", id, end, fields: this.#decoder.decode(payload).fields });
      case FrameType.DATA:
        return this.#push({ type: "DATA", id, end, bytes: payload });
      case FrameType.RST_STREAM:
        return this.#push({ type: "RST_STREAM", id, code: uint32(payload, 0) });
      case FrameType.GOAWAY: {
        const debug = new TextDecoder().decode(payload.subarray(8));
        return this.#push({ type: "GOAWAY", id: uint31(payload, 0), code: uint32(payload, 4), debug });
      }
      case FrameType.WINDOW_UPDATE:
        this.granted.set(id, (this.granted.get(id) ?? 0) + uint31(payload, 0));
        return;
      case FrameType.SETTINGS:
        if ((flags & Flag.ACK) === 0) this.send(SETTINGS_ACK);
        return;
      case FrameType.PING:
        if ((flags & Flag.ACK) === 0) this.send(frame(FrameType.PING, Flag.ACK, 0, payload));
        return;
    }
    throw new Error(`a frame of type ${type} came`);
  }

  #push(next: PeerFrame): void {
    this.#frames.push(next);
    this.#arrival.resolve();
    this.#arrival = Promise.withResolvers();
  }
}

/** Fields that say the same of every call, and are left out of lines. */
const USUAL: ReadonlySet<string> = new Set([
  ":method",
  ":scheme",
  ":authority",
  "te",
  "user-agent",
  "grpc-accept-encoding",
]);

/** `HEADERS 1 :path=/Test/Echo`, `DATA 1 "hello"`, `DATA 1 end`, `RST_STREAM 1 CANCEL`. */
export function lineOf(next: PeerFrame): string {
  const { type, id } = next;
  switch (type) {
    case "HEADERS": {
      const fields = next.fields.filter(([name]) => !USUAL.has(name));
      const end = next.end ? " end" : "";
      return `${type} ${id} ${fields.map(([name, value]) => `${name}=${value}`).join(" ")}${end}`;
    }
    case "DATA": {
      const messages = messagesIn(next.bytes).map((message) => ` ${JSON.stringify(message)}`);
      return `${type} ${id}${messages.join("")}${next.end ? " end" : ""}`;
    }
    case "RST_STREAM":
      return `${type} ${id} ${errorCodeName(next.code)}`;
    case "GOAWAY":
      return `${type} ${id} ${errorCodeName(next.code)} ${next.debug}`.trimEnd();
  }
}

/** The texts of the messages in a DATA frame that holds whole ones. */
function messagesIn(bytes: Bytes): string[] {
  const texts: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 5 + uint32(bytes, at + 1);
    if (end > bytes.length) return [...texts, `${bytes.length - at} bytes`];
    texts.push(new TextDecoder().decode(bytes.subarray(at + 5, end)));
    at = end;
  }
  return texts;
}

/** A message behind its prefix. */
export function message(text: string | Uint8Array, flag = 0): Bytes {
  const payload = typeof text === "string" ? new TextEncoder().encode(text) : text;
  const bytes = new Uint8Array(5 + payload.length);
  bytes[0] = flag;
  new DataView(bytes.buffer).setUint32(1, payload.length);
  bytes.set(payload, 5);
  return bytes;
}

/** A DATA frame of messages. */
export function messages(id: number, ...texts: readonly (string | Uint8Array)[]): Bytes {
  return frame(FrameType.DATA, Flag.NONE, id, join(...texts.map((text) => message(text))));
}

/** The half close. */
export function halfClose(id: number): Bytes {
  return data(id, 0, Flag.END_STREAM);
}

/** HEADERS that end their side. */
export function lastHeaders(id: number, fields: readonly HeaderField[]): Bytes {
  return headers(id, fields, Flag.END_STREAM);
}

/** The cancel. */
export function cancel(id: number): Bytes {
  return rst(id, ErrorCode.CANCEL);
}
