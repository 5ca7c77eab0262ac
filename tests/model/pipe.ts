import type { ByteSocket } from "../../src/net/socket.ts";
import type { Bytes } from "../../src/base/buffer.ts";

type Item =
  | { readonly bytes: Bytes; readonly taken: () => void; readonly dropped: (error: unknown) => void }
  | "fin";

/** One direction: what has been written waits until the test hands it over. */
class Pipe {
  readonly held: Item[] = [];
  readonly #arrived: (Bytes | "fin")[] = [];
  #wake: (() => void) | undefined;
  #error: Error | undefined;
  #fin = false;
  /** The reader has gone: nothing is kept for it. */
  gone = false;

  /** @param slow Whether a write waits until it has been handed over. */
  constructor(readonly slow: boolean) {}

  write(bytes: Bytes): Promise<void> {
    if (this.#error !== undefined) return Promise.reject(this.#error);
    if (this.gone || this.#fin) return Promise.resolve();
    const copy: Bytes = bytes.slice();
    if (!this.slow) {
      this.held.push({ bytes: copy, taken: () => {}, dropped: () => {} });
      return Promise.resolve();
    }
    return new Promise((taken, dropped) => this.held.push({ bytes: copy, taken, dropped }));
  }

  /** Nothing more will be written. */
  end(): void {
    if (this.#fin) return;
    this.#fin = true;
    this.held.push("fin");
  }

  /** What a slow pipe has not taken is lost with its writer. */
  dropUntaken(error: unknown): void {
    if (!this.slow) return;
    for (const item of this.held) if (item !== "fin") item.dropped(error);
    this.held.splice(0, this.held.length, ...this.held.filter((item) => item === "fin"));
  }

  /** Hands the next chunk over. */
  deliver(): Bytes | "fin" | undefined {
    const item = this.held.shift();
    if (item === undefined) return undefined;
    if (item !== "fin") item.taken();
    const what = item === "fin" ? item : item.bytes;
    this.push(what);
    return what;
  }

  push(what: Bytes | "fin"): void {
    if (this.gone || this.#error !== undefined) return;
    this.#arrived.push(what);
    this.wake();
  }

  fail(error: Error): void {
    this.#error = error;
    for (const item of this.held.splice(0)) if (item !== "fin") item.dropped(error);
    this.wake();
  }

  wake(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  async read(): Promise<Bytes | undefined> {
    for (;;) {
      const next = this.#arrived.shift();
      if (next !== undefined) return next === "fin" ? undefined : next;
      if (this.#error !== undefined) throw this.#error;
      if (this.gone) return undefined;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}

/** A line between a client and a server, on which bytes stay until the test lets them on. */
export class Line {
  readonly toServer: Pipe;
  readonly toClient: Pipe;
  readonly client: ByteSocket;
  readonly server: ByteSocket;

  constructor(slow: boolean) {
    this.toServer = new Pipe(slow);
    this.toClient = new Pipe(slow);
    this.client = socketOf(this.toClient, this.toServer);
    this.server = socketOf(this.toServer, this.toClient);
  }

  reset(error: Error): void {
    this.toServer.fail(error);
    this.toClient.fail(error);
  }
}

function socketOf(from: Pipe, to: Pipe): ByteSocket {
  let takenBytes = 0;
  return {
    behind: false,
    get takenBytes() {
      return takenBytes;
    },
    read: () => from.read(),
    async write(bytes) {
      await to.write(bytes);
      takenBytes += bytes.length;
    },
    closeWrite() {
      to.end();
      return Promise.resolve();
    },
    close() {
      to.dropUntaken(new Error("the socket has been closed"));
      to.end();
      from.gone = true;
      from.wake();
    },
  };
}
