import type { Bytes } from "../../src/base/buffer.ts";
import { SendQueue } from "../../src/net/send_queue.ts";
import { Http2Connection } from "../../src/http2/connection.ts";
import type { Http2Options } from "../../src/http2/connection_events.ts";
import { errorCodeName } from "../../src/http2/error_code.ts";
import type { Http2ConnectionError } from "../../src/http2/errors.ts";
import { PREFACE } from "../../src/http2/frame.ts";
import type { HeaderField } from "../../src/http2/hpack/field.ts";
import type { Http2Stream } from "../../src/http2/stream.ts";
import type { Http2StreamEvents } from "../../src/http2/stream_events.ts";
import { FrameWords, join, settings } from "./wire.ts";

export const OPTIONS: Http2Options = {
  initialWindowBytes: 65_535,
  connectionWindowBytes: 1 << 20,
  maxHeaderListBytes: 16_384,
  maxStreams: 10,
  keepaliveMs: 0,
  keepaliveTimeoutMs: 1_000,
};

/** A connection between hand-made bytes and what it says of them. */
export class Harness {
  readonly connection: Http2Connection;
  readonly queue: SendQueue;
  /** What the connection and its streams have told, a line each. */
  log: string[] = [];
  /** The streams that a client has opened here, in their order. */
  readonly accepted: Http2Stream[] = [];
  /** What the connection below was ended with. */
  error: Http2ConnectionError | undefined;
  readonly ended: PromiseWithResolvers<void> = Promise.withResolvers();
  /** Whether DATA is consumed as it comes. */
  consumes = true;
  /** Called for each request; false refuses it. */
  opened: (stream: Http2Stream) => boolean = () => true;
  /** Called when bytes are sent. */
  onSent: (() => void) | undefined;
  /** Whether the connection is not read at present. */
  paused: () => boolean = () => false;
  /** While set, the socket takes nothing. */
  blocked: Promise<void> | undefined;
  readonly #words = new FrameWords();
  #sent: Bytes[] = [];

  constructor(readonly role: "client" | "server", options: Partial<Http2Options> = {}) {
    this.queue = new SendQueue({
      write: async (bytes) => {
        if (this.blocked !== undefined) await this.blocked;
        this.#sent.push(bytes.slice());
        this.onSent?.();
      },
      behind: () => false,
      owing() {},
    }, (error) => {
      throw error;
    });
    this.connection = new Http2Connection(
      role,
      {
        queue: this.queue,
        paused: () => this.paused(),
        end: (error) => {
          this.error = error;
          this.log.push(`end ${error === undefined ? "" : errorCodeName(error.code)}`);
          this.ended.resolve();
        },
      },
      { ...OPTIONS, ...options },
      {
        opened: (stream, fields, end) => {
          this.accepted.push(stream);
          this.log.push(`opened ${stream.id}${end ? " end" : ""} ${show(fields)}`);
          return this.opened(stream) ? this.events(() => stream) : undefined;
        },
        goneAway: (code, debug) => this.log.push(`goneAway ${errorCodeName(code)} ${debug}`.trimEnd()),
        released: () => this.log.push("released"),
        peerReset: () => this.log.push("peerReset"),
      },
    );
  }

  /** A connection whose peer has said its preface and SETTINGS, and which has said its own. */
  static async started(
    role: "client" | "server",
    options: Partial<Http2Options> = {},
    ...pairs: readonly [id: number, value: number][]
  ): Promise<Harness> {
    const harness = new Harness(role, options);
    harness.connection.start();
    if (role === "server") harness.receive(PREFACE);
    harness.receive(settings(...pairs));
    await harness.sent();
    return harness;
  }

  /** Events that write the log. */
  events(stream: () => Http2Stream): Http2StreamEvents {
    const id = () => stream().id;
    return {
      headers: (fields, end) => this.log.push(`headers ${id()}${end ? " end" : ""} ${show(fields)}`),
      data: (bytes, end) => {
        this.log.push(`data ${id()} ${bytes.length}${end ? " end" : ""}`);
        if (this.consumes) stream().consumed(bytes.length);
      },
      trailers: (fields) => this.log.push(`trailers ${id()} ${show(fields)}`),
      reset: (code, error) => {
        this.log.push(`reset ${id()} ${errorCodeName(code)}${error === undefined ? "" : " here"}`);
      },
      lost: (begun) => this.log.push(`lost ${id()}${begun ? " begun" : ""}`),
    };
  }

  /** Opens a stream whose events write the log. */
  open(fields: readonly HeaderField[], end = false): Http2Stream {
    const stream: Http2Stream = this.connection.open(fields, end, this.events(() => stream));
    return stream;
  }

  receive(...frames: readonly Bytes[]): void {
    this.connection.receive(join(...frames));
  }

  /** The frames sent since the last call. */
  async sent(): Promise<string[]> {
    await this.queue.sent();
    const sent = this.#sent;
    this.#sent = [];
    return this.#words.read(join(...sent));
  }

  /** The lines of the log since the last call. */
  told(): string[] {
    const log = this.log;
    this.log = [];
    return log;
  }

  /** The stream that the client has opened last. */
  get stream(): Http2Stream {
    const stream = this.accepted.at(-1);
    if (stream === undefined) throw new Error("no stream has been opened");
    return stream;
  }
}

function show(fields: readonly HeaderField[]): string {
  return fields.filter(([name]) => !name.startsWith(":") || name === ":status")
    .map(([name, value]) => `${name}=${value}`).join(" ");
}
