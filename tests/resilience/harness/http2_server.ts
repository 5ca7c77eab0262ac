import type net from "node:net";
import type { Bytes } from "../../../mod.ts";
import { Flag, FrameType, PREFACE } from "../../../src/http2/frame.ts";
import { FrameReader } from "../../../src/http2/frame_reader.ts";
import { HpackDecoder } from "../../../src/http2/hpack/decoder.ts";
import { Setting } from "../../../src/http2/settings.ts";
import { headers, join, settings, SETTINGS_ACK, TRAILERS } from "../../http2/wire.ts";
import { Listener } from "./listener.ts";

/** How long, in milliseconds, what is awaited may take. */
const PATIENCE_MS = 20_000;
/** The answer to a call: no message, and the status 0. */
const answerTo = (id: number) =>
  join(
    headers(id, [[":status", "200"], ["content-type", "application/grpc"]]),
    headers(id, TRAILERS, Flag.END_STREAM),
  );

/** A server of one connection that says how many streams it takes, and answers them when it is told to. */
export class LimitingServer implements AsyncDisposable {
  /** The streams that are open, in the order in which they came, and the field `n` of each. */
  readonly open: Map<number, string> = new Map();
  /** What `n` was, of every stream that has come. */
  readonly came: string[] = [];
  readonly #listener: Listener;
  readonly #reader = new FrameReader();
  readonly #decoder = new HpackDecoder({ maxTableBytes: 4096, maxHeaderListBytes: 1 << 20 });
  readonly #limit: number;
  #socket: net.Socket | undefined;
  #prefaceLeft = PREFACE.length;
  /** SETTINGS that the client has not acknowledged. */
  #unacknowledged = 0;
  #changed = Promise.withResolvers<void>();

  private constructor(listener: Listener, limit: number) {
    this.#listener = listener;
    this.#limit = limit;
  }

  /** @param limit How many streams it takes at first. */
  static async listen(limit: number): Promise<LimitingServer> {
    const server: LimitingServer = new LimitingServer(
      await Listener.listen((socket) => server.#accept(socket)),
      limit,
    );
    return server;
  }

  get port(): number {
    return this.#listener.port;
  }

  #accept(socket: net.Socket): void {
    this.#socket = socket;
    socket.on("data", (data) => {
      // Text comes only where an encoding has been set.
      if (typeof data !== "string") this.#take(Uint8Array.from(data));
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    });
    this.#say(settings([Setting.MAX_CONCURRENT_STREAMS, this.#limit]), SETTINGS_ACK);
    this.#unacknowledged++;
  }

  #say(...frames: readonly Bytes[]): void {
    this.#socket?.write(join(...frames));
  }

  #take(bytes: Bytes): void {
    const skipped = Math.min(bytes.length, this.#prefaceLeft);
    this.#prefaceLeft -= skipped;
    if (skipped < bytes.length) this.#reader.push(bytes.subarray(skipped));
    while (this.#reader.next()) {
      const { type, flags, streamId, bytes, start, end } = this.#reader;
      if (type === FrameType.SETTINGS && (flags & Flag.ACK) !== 0) this.#unacknowledged--;
      if (type === FrameType.RST_STREAM) this.open.delete(streamId);
      if (type !== FrameType.HEADERS) continue;
      const fields = new Map(this.#decoder.decode(bytes.subarray(start, end)).fields);
      const name = fields.get("n") ?? "";
      this.open.set(streamId, name);
      this.came.push(name);
    }
  }

  /**
   * Resolves when `reached` holds; it is looked at whenever something has come.
   *
   * @throws {Error} If that is not for a long while.
   */
  async until(what: string, reached: () => boolean): Promise<void> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#changed.resolve();
    }, PATIENCE_MS);
    while (!reached() && !late) await this.#changed.promise;
    clearTimeout(timer);
    if (!reached()) {
      throw new Error(`${PATIENCE_MS} ms later: not ${what}, ${this.came.length} streams have come`);
    }
  }

  /** Resolves when the client has acknowledged all SETTINGS. */
  acknowledged(): Promise<void> {
    return this.until(
      "all SETTINGS acknowledged",
      () => this.#socket !== undefined && this.#unacknowledged === 0,
    );
  }

  /** Takes so many streams from now on, and resolves when the client knows. */
  async limit(streams: number): Promise<void> {
    this.#unacknowledged++;
    this.#say(settings([Setting.MAX_CONCURRENT_STREAMS, streams]));
    await this.acknowledged();
  }

  /** Ends so many streams well: those that came first. */
  answer(streams: number): void {
    const ids = [...this.open.keys()].slice(0, streams);
    for (const id of ids) this.open.delete(id);
    this.#say(...ids.map(answerTo));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener[Symbol.asyncDispose]();
  }
}
