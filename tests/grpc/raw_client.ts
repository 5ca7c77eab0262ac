import type { ByteDuplex, Bytes } from "../../mod.ts";
import { Flag, FrameType, PREFACE } from "../../src/http2/frame.ts";
import type { HeaderField } from "../../src/http2/hpack/field.ts";
import { block, frame, FrameWords, join, settings } from "../http2/wire.ts";

/** A request's HEADERS. */
export function request(
  id: number,
  { flags = Flag.NONE, more = [] }: { flags?: number; more?: readonly HeaderField[] } = {},
): Bytes {
  const fields: HeaderField[] = [
    [":method", "POST"],
    [":scheme", "http"],
    [":path", "/Test/Method"],
    [":authority", "b"],
    ["content-type", "application/grpc"],
    ["te", "trailers"],
    ...more,
  ];
  return frame(FrameType.HEADERS, Flag.END_HEADERS | flags, id, block(fields));
}

/** A message in a DATA frame, with its prefix or with one that is not its own. */
export function message(
  id: number,
  payload: Uint8Array,
  { flag = 0, length = payload.length, flags = Flag.NONE }: {
    flag?: number;
    length?: number;
    flags?: number;
  } = {},
): Bytes {
  const bytes = new Uint8Array(5 + payload.length);
  bytes[0] = flag;
  new DataView(bytes.buffer).setUint32(1, length);
  bytes.set(payload, 5);
  return frame(FrameType.DATA, flags, id, bytes);
}

/** A client whose frames are written by hand. It reads all the time, and keeps what came in words, a line a frame. */
export class RawClient implements AsyncDisposable {
  /** The frames that have come whole, as `tests/http2/wire.ts` words them. */
  readonly lines: string[] = [];
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #words = new FrameWords();
  #rest: Bytes = new Uint8Array(0);
  #changed = Promise.withResolvers<void>();
  #ended = false;

  private constructor({ readable, writable }: ByteDuplex) {
    this.#writer = writable.getWriter();
    this.#writer.closed.catch(() => {
      // The server has hung up: what comes says so as well.
    });
    this.#reader = readable.getReader();
    this.#read();
  }

  /** Says the preface and SETTINGS of these pairs. */
  static async start(
    duplex: ByteDuplex,
    ...pairs: readonly (readonly [id: number, value: number])[]
  ): Promise<RawClient> {
    const client = new RawClient(duplex);
    await client.send(PREFACE, settings(...pairs));
    return client;
  }

  async send(...frames: readonly Bytes[]): Promise<void> {
    await this.#writer.write(join(...frames));
  }

  /** Resolves when a line that matches has come. @throws If the connection ends before. */
  async line(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = this.lines.find((line) => pattern.test(line));
      if (found !== undefined) return found;
      if (this.#ended) throw new Error(`no line ${pattern} came, but ${this.lines.join("\n")}`);
      await this.#changed.promise;
    }
  }

  async #read(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (done) break;
        this.#take(join(this.#rest, new Uint8Array(value)));
        this.#tell();
      }
    } catch {
      // Cut: what has come is there.
    }
    this.#ended = true;
    this.#tell();
  }

  #take(bytes: Bytes): void {
    let at = 0;
    for (;;) {
      const length = ((bytes[at] ?? 0) << 16 | (bytes[at + 1] ?? 0) << 8 | (bytes[at + 2] ?? 0)) + 9;
      if (at + length > bytes.length) break;
      at += length;
    }
    this.lines.push(...this.#words.read(bytes.subarray(0, at)));
    this.#rest = bytes.slice(at);
  }

  #tell(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close().catch(() => {
      // It has ended already.
    });
    await this.#reader.cancel().catch(() => {
      // As above.
    });
  }
}
