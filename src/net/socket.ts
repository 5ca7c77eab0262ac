import type { Addr } from "./address.ts";
import type { Bytes } from "../base/buffer.ts";
import { afterAnswers, afterTurns, alone, arrived, breathe, looked, nextTick, Pace } from "./event_loop.ts";
import { undetachable } from "./undetachable.ts";

/** A pair of byte streams: a socket, a pipe, or one end of an in-memory pair. */
export interface ByteDuplex {
  /** The bytes that come. */
  readonly readable: ReadableStream<Uint8Array>;
  /** Where bytes go. */
  readonly writable: WritableStream<Uint8Array>;
}

/** What a connection does with the transport below it. */
export interface ByteSocket {
  /** The peer's address, where there is one. */
  readonly remoteAddr?: Addr | undefined;
  /**
   * The next bytes, which are the caller's to keep; `undefined` at the end.
   *
   * @param room Says where to read them to, or nothing. Called where the transport can do that, and does.
   */
  read(room?: () => Bytes | undefined): Promise<Bytes | undefined>;
  /** Whether the last read is known to have left something. */
  readonly behind: boolean;
  /** How many bytes the transport has taken, all in all. */
  readonly takenBytes: number;
  /** Sends all of `bytes`. */
  write(bytes: Bytes): Promise<void>;
  /**
   * Ends the direction to the peer, and reads on: what the socket still holds gets there. Absent where the transport
   * has no such thing.
   */
  closeWrite?(): Promise<void>;
  /** Closes both directions; pending reads and writes settle. */
  close(): void;
  /** The open socket keeps the process alive, as it does to begin with. */
  ref?(): void;
  /** The open socket does not keep the process alive. */
  unref?(): void;
}

/** The part of a `Deno.Conn` that is used. */
export interface Conn {
  /** The peer's address. */
  readonly remoteAddr?: Addr;
  /** Reads into `buffer`: how many bytes, or null at the end. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Writes some of `bytes`: how many. */
  write(bytes: Uint8Array): Promise<number>;
  /** Ends the direction to the peer. */
  closeWrite(): Promise<void>;
  /** Closes both directions. */
  close(): void;
  /** Keeps the process alive. */
  ref(): void;
  /** Does not keep the process alive. */
  unref(): void;
}

/** What is read into first; payloads are views on it. Small, since most connections are quiet. */
const FIRST_READ_BYTES = 4 * 1024;
/** What follows, for as long as no read fills it: a connection that has become quiet keeps no more. */
const USUAL_READ_BYTES = 16 * 1024;
/** Large enough that few frames span two buffers. */
export const MAX_READ_BYTES: number = 256 * 1024;
/** With less room than this a fresh buffer is taken. */
const MIN_READ_BYTES = 4096;

/** The socket of a `Deno.Conn`: no stream in between, and one buffer for many reads. */
export function connSocket(conn: Conn): ByteSocket {
  let buffer: Bytes = undetachable(new Uint8Array(FIRST_READ_BYTES));
  let at = 0;
  /** Whether a read has filled the buffer: more may have come than it holds. */
  let filled = false;
  let taken = 0;
  // TLS hands out its records one by one: a short read says nothing of what the socket still has.
  const tells = !("handshake" in conn);
  const pace = new ReadPace();
  return {
    remoteAddr: conn.remoteAddr,
    get behind() {
      return pace.behind;
    },
    async read(room) {
      const pause = pace.before();
      if (pause !== undefined) await pause;
      const into = room?.();
      if (into !== undefined) {
        pace.ask();
        const size = await conn.read(into);
        if (size === null) return undefined;
        pace.after(tells ? size < into.length : undefined);
        return into.subarray(0, size);
      }
      if (buffer.length - at < Math.min(MIN_READ_BYTES, buffer.length / 2)) {
        // Handed out as views, so never written again.
        const next = filled ? Math.min(buffer.length * 2, MAX_READ_BYTES) : 0;
        buffer = undetachable(new Uint8Array(Math.max(next, USUAL_READ_BYTES)));
        at = 0;
        filled = false;
      }
      const left = buffer.length - at;
      pace.ask();
      const size = await conn.read(at === 0 ? buffer : buffer.subarray(at));
      if (size === null) return undefined;
      pace.after(tells ? size < left : undefined);
      const chunk = buffer.subarray(at, at + size);
      at += size;
      if (size === left) filled = true;
      return chunk;
    },
    get takenBytes() {
      return taken;
    },
    async write(bytes) {
      let sent = await conn.write(bytes);
      taken += sent;
      while (sent < bytes.length) {
        const more = await conn.write(bytes.subarray(sent));
        sent += more;
        taken += more;
      }
    },
    closeWrite: () => conn.closeWrite(),
    close() {
      conn.close();
    },
    ref: () => conn.ref(),
    unref: () => conn.unref(),
  };
}

/** A read that took so long, in milliseconds, has waited for the event loop. */
const WAITED_MS = 1;

/** Lets others have a turn between reads that complete at once. */
class ReadPace {
  readonly #pace = new Pace();
  /** Whether the last read has left nothing, so that the next one waits; `undefined` where nobody knows. */
  #emptied: boolean | undefined = true;
  #asking = false;
  #askedAt = 0;

  /** Whether the last read has left something, and the next one does not wait for more already. */
  get behind(): boolean {
    return this.#emptied === false && !this.#asking;
  }

  before(): Promise<void> | undefined {
    // What has come is answered first: asking the system for more takes as long as that.
    if (this.#emptied === true) return alone() ? afterAnswers() : undefined;
    // Those who read what has come go first, while it is warm in the processor's cache.
    return this.#pace.due ? breathe() : nextTick();
  }

  ask(): void {
    this.#asking = true;
    if (this.#emptied === undefined) this.#askedAt = performance.now();
  }

  after(emptied: boolean | undefined): void {
    this.#asking = false;
    arrived();
    if (this.#emptied === true) looked();
    else if (this.#emptied === undefined && performance.now() - this.#askedAt > WAITED_MS) this.#pace.begin();
    this.#emptied = emptied;
  }
}

/**
 * The socket of any pair of byte streams.
 *
 * @throws {TypeError} If one of the streams is locked; the other is then left free.
 */
export function duplexSocket({ readable, writable }: ByteDuplex): ByteSocket {
  if (readable.locked) throw new TypeError("the duplex's readable is locked");
  if (writable.locked) throw new TypeError("the duplex's writable is locked");
  const reader = readable.getReader();
  const writer = writable.getWriter();
  const pace = new ReadPace();
  let taken = 0;
  let writing = false;
  writer.closed.catch(() => {
    // The pending or the next write rejects with the same error.
  });
  return {
    behind: false,
    async read() {
      await pace.before();
      pace.ask();
      const { done, value } = await reader.read();
      if (done) return undefined;
      pace.after(undefined);
      if (!(value instanceof Uint8Array)) {
        throw new TypeError(`the duplex's readable must give Uint8Arrays, got ${typeof value}`);
      }
      return ownBytes(value);
    },
    get takenBytes() {
      return taken;
    },
    async write(bytes) {
      writing = true;
      // The other end may keep what it gets, and the send queue fills its buffer again.
      try {
        await writer.write(bytes.slice());
      } finally {
        writing = false;
      }
      taken += bytes.length;
    },
    close() {
      reader.cancel().catch(() => {
        // Errored already: the read has said so.
      });
      writer.close().catch(() => {
        // Errored or closed already: the write has said so.
      });
      // The close waits behind a write that is stuck, for ever; an abort reaches the sink's signal.
      afterTurns(STUCK_TURNS, () => {
        if (writing) writer.abort(new DOMException(CLOSED, "AbortError")).catch(() => {});
      });
    },
  };
}

const CLOSED = "the connection has been closed";
/** So many turns of the event loop a write may go on behind the close of its connection: somebody may be about to read it. */
const STUCK_TURNS = 64;

/** Bytes that nobody else has: views on them can be handed out. */
export function ownBytes(value: Uint8Array): Bytes {
  const { buffer } = value;
  if (!(buffer instanceof ArrayBuffer)) return undetachable(new Uint8Array(value));
  return undetachable(new Uint8Array(buffer, value.byteOffset, value.byteLength));
}
