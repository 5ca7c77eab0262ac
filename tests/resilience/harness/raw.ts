// Deno's own sockets always say FIN first; Node's can reset.
import net from "node:net";
import type { Bytes } from "../../../mod.ts";
import { FrameDecoder } from "../../../src/ttheader/frame_decoder.ts";
import { type Frame, FrameType } from "../../../src/ttheader/frame.ts";
import { encodeFrames, type FrameInit } from "../../support/wire_peer.ts";

/** A connection without a library behind it, which reads only if it is told to. */
export class Raw implements Disposable {
  readonly conn: Deno.Conn;
  #open = true;

  constructor(conn: Deno.Conn) {
    this.conn = conn;
  }

  /** @param from The address to come from, where one has run out of ports. */
  static async open(port: number, hostname = "127.0.0.1"): Promise<Raw> {
    const conn = await Deno.connect({ hostname, port });
    conn.setNoDelay(true);
    return new Raw(conn);
  }

  /** Sends all of it; false where the peer has hung up. */
  async send(bytes: Uint8Array): Promise<boolean> {
    try {
      for (let sent = 0; sent < bytes.length;) sent += await this.conn.write(bytes.subarray(sent));
      return true;
    } catch {
      return false; // reset, or closed here: either way nothing more will go
    }
  }

  /** Reads to the end, or until `take` has said that it is enough. */
  async read(take: (frame: Frame) => boolean | void = () => {}): Promise<void> {
    const decoder = new FrameDecoder(64 * 1024 * 1024);
    let buffer: Bytes = new Uint8Array(256 * 1024);
    let at = 0;
    try {
      for (;;) {
        if (buffer.length - at < 4096) {
          buffer = new Uint8Array(256 * 1024);
          at = 0;
        }
        const size = await this.conn.read(buffer.subarray(at));
        if (size === null) return;
        decoder.push(buffer.subarray(at, at + size));
        at += size;
        for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) {
          if (take(frame) === true) return;
        }
      }
    } catch {
      // Reset, or closed here: there is nothing more to be read.
    }
  }

  /** Reads to the end, whatever it is. */
  async drain(): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    try {
      while (await this.conn.read(buffer) !== null);
    } catch {
      // Reset, or closed here.
    }
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.conn.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Connects, sends, and hangs up with a reset once the bytes are with the kernel. */
export async function sendAndReset(port: number, bytes: Uint8Array): Promise<void> {
  const socket = net.connect(port, "127.0.0.1");
  await new Promise<void>((resolve) => {
    socket.once("error", () => resolve()); // the peer was faster
    socket.once("connect", () => socket.write(bytes, () => setImmediate(resolve)));
  });
  socket.resetAndDestroy();
}

/** Opens a stream of the service `Test`. */
export function header(streamId: number, method = "Echo"): FrameInit {
  return { type: FrameType.Header, streamId, method, metadata: { isn: "Test" } };
}

const STREAM_ID = 8;

/** The same frames again for every stream id. */
export function forEachId(ids: ArrayLike<number>, ...frames: FrameInit[]): Bytes {
  const parts = frames.map((frame) => encodeFrames(frame));
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const all = new Uint8Array(size * ids.length);
  const view = new DataView(all.buffer);
  let at = 0;
  for (let i = 0; i < ids.length; i++) {
    for (const part of parts) {
      all.set(part, at);
      view.setInt32(at + STREAM_ID, ids[i] ?? 0);
      at += part.length;
    }
  }
  return all;
}

/** Numbers that count up. */
export function range(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => from + i);
}
