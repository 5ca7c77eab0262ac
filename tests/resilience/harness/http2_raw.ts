import type { Bytes } from "../../../mod.ts";
import { Flag, FrameType, PREFACE, uint32 } from "../../../src/http2/frame.ts";
import { FrameReader } from "../../../src/http2/frame_reader.ts";
import type { HeaderField } from "../../../src/http2/hpack/field.ts";
import { block, frame, join, settings } from "../../http2/wire.ts";
import { Raw } from "./raw.ts";

/** A frame as it came. */
export interface RawFrame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Bytes;
}

/** The fields of a request of gRPC's. */
export function requestFields(method = "Echo", ...more: readonly HeaderField[]): HeaderField[] {
  return [
    [":method", "POST"],
    [":scheme", "http"],
    [":path", `/Test/${method}`],
    [":authority", "b"],
    ["content-type", "application/grpc"],
    ["te", "trailers"],
    ...more,
  ];
}

/** A request's HEADERS. */
export function request(id: number, method = "Echo", flags: number = Flag.NONE): Bytes {
  return frame(FrameType.HEADERS, Flag.END_HEADERS | flags, id, block(requestFields(method)));
}

/** A message with its prefix, as DATA holds it. */
export function message(payload: Uint8Array, flag = 0, length = payload.length): Bytes {
  const bytes = new Uint8Array(5 + payload.length);
  bytes[0] = flag;
  new DataView(bytes.buffer).setUint32(1, length);
  bytes.set(payload, 5);
  return bytes;
}

export function dataFrame(id: number, payload: Uint8Array, flags: number = Flag.NONE): Bytes {
  return frame(FrameType.DATA, flags, id, payload);
}

const STREAM_ID = 5;

/** The same frames again for every stream id. */
export function forEachStream(ids: ArrayLike<number>, ...frames: readonly Bytes[]): Bytes {
  const size = frames.reduce((sum, { length }) => sum + length, 0);
  const all = new Uint8Array(size * ids.length);
  const view = new DataView(all.buffer);
  let at = 0;
  for (let i = 0; i < ids.length; i++) {
    for (const part of frames) {
      all.set(part, at);
      view.setUint32(at + STREAM_ID, ids[i] ?? 0);
      at += part.length;
    }
  }
  return all;
}

/** Stream ids of a client: odd ones. */
export function oddIds(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => 2 * (from + i) + 1);
}

/** A client of HTTP/2 without a library behind it, which reads only if it is told to. */
export class Http2Raw implements Disposable {
  readonly raw: Raw;
  readonly #reader = new FrameReader();
  #buffer: Bytes = new Uint8Array(0);
  #at = 0;
  /** The code and the text of the GOAWAY that came last. */
  goneAway: { readonly code: number; readonly text: string } | undefined;
  /** Whether the server has hung up, as far as has been read. */
  ended = false;

  private constructor(raw: Raw) {
    this.raw = raw;
  }

  /** Connects, and says the preface and SETTINGS of these pairs. */
  static async open(
    port: number,
    pairs: readonly (readonly [id: number, value: number])[] = [],
    hostname = "127.0.0.1",
  ): Promise<Http2Raw> {
    const raw = await Raw.open(port, hostname);
    await raw.send(join(PREFACE, settings(...pairs)));
    return new Http2Raw(raw);
  }

  /** Sends all of it; false where the peer has hung up. */
  send(...frames: readonly Bytes[]): Promise<boolean> {
    return this.raw.send(frames.length === 1 && frames[0] !== undefined ? frames[0] : join(...frames));
  }

  /** Reads to the end, or until `take` has said that it is enough. */
  async read(take: (frame: RawFrame) => boolean | void = () => {}): Promise<void> {
    try {
      for (;;) {
        while (this.#reader.next()) if (this.#show(take)) return;
        if (this.#buffer.length - this.#at < 4096) {
          this.#buffer = new Uint8Array(64 * 1024);
          this.#at = 0;
        }
        const size = await this.raw.conn.read(this.#buffer.subarray(this.#at));
        if (size === null) break;
        this.#reader.push(this.#buffer.subarray(this.#at, this.#at + size));
        this.#at += size;
      }
    } catch {
      // Reset, or closed here: there is nothing more to be read.
    }
    this.ended = true;
  }

  #show(take: (frame: RawFrame) => boolean | void): boolean {
    const { type, flags, streamId, bytes, start, end } = this.#reader;
    const payload = bytes.subarray(start, end);
    if (type === FrameType.GOAWAY) {
      this.goneAway = { code: uint32(payload, 4), text: new TextDecoder().decode(payload.subarray(8)) };
    }
    return take({ type, flags, streamId, payload }) === true;
  }

  close(): void {
    this.raw.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
