import type { Action, Direction } from "./actions.ts";
import { ClientModel } from "./client_model.ts";
import { type End, end, endOfReason } from "./ends.ts";
import { frameOf, lineOf, METHOD, type ModelFrame } from "./frames.ts";
import { ServerModel } from "./server_model.ts";
import type { Frame } from "../../src/ttheader/frame.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { showMessage, showPayload } from "./frames.ts";

/** What a run is about; the same for all its commands. */
export interface Setup {
  readonly client: "library" | "script";
  readonly server: "library" | "script";
  /** Whether a write waits until its bytes have been handed over. */
  readonly slow: boolean;
  readonly maxBufferedBytes: number;
  readonly maxStreams: number;
}

export type Side = "client" | "server";
type Arrived = readonly ModelFrame[] | "fin" | "reset";

const SERVICE_NAME = "Client";
/** Below this nothing waits. */
const CONGESTED_BYTES = 64 * 1024;

/** A frame, and in which step it was sent: the order of several streams within one is nobody's business. */
type Sent = ModelFrame & { readonly step: number };

/** The way from one side to the other. */
interface Way {
  /** Sent, and not seen on the wire yet. */
  sent: Sent[];
  /** Seen on the wire, and not taken by its reader. */
  readonly arrived: Arrived[];
  /** Nothing that is sent from now on gets there. */
  closed: boolean;
  /** What has been sent may be lost. */
  lossy: boolean;
  /** The reader has stopped to read: too much is unread. */
  paused: boolean;
}

/** A side's connection. */
interface ConnectionState {
  ended: boolean;
  closing: boolean;
  draining: boolean;
  aborted: boolean;
  reset: boolean;
  graceAt: number;
  graceTimer: number;
}

const way = (): Way => ({ sent: [], arrived: [], closed: false, lossy: false, paused: false });
const connection = (): ConnectionState => ({
  ended: false,
  closing: false,
  draining: false,
  aborted: false,
  reset: false,
  graceAt: Infinity,
  graceTimer: 0,
});

/** Both sides of a connection and what is between them, as the table of ends has it. */
export class WorldModel {
  now = 0;
  readonly clients: ClientModel[] = [];
  readonly servers: ServerModel[] = [];
  readonly ways: Record<Direction, Way> = { toServer: way(), toClient: way() };
  readonly at: Record<Side, ConnectionState> = { client: connection(), server: connection() };
  /** Streams that a scripted client has opened. */
  scripted = 0;
  /** Header frames so far. */
  keys = 0;
  #running = 0;
  #step = 0;
  #timers = 0;
  #lastId = 0;
  #messages = 0;

  constructor(readonly setup: Setup) {}

  send(to: Direction, frame: ModelFrame): void {
    const from = to === "toServer" ? "client" : "server";
    if (this.at[from].ended || this.ways[to].closed) return;
    this.ways[to].sent.push({ ...frame, step: this.#step });
  }

  /** The stream that an action means, the newest first. */
  client(stream: number): ClientModel | undefined {
    return this.clients.at(-1 - stream % Math.max(1, this.clients.length));
  }

  server(stream: number): ServerModel | undefined {
    const called = this.servers.filter((server) => server.called);
    return called.at(-1 - stream % Math.max(1, called.length));
  }

  nextMessage(size: number): { n: number; size: number } {
    return { n: this.#messages++, size };
  }

  /** Whether a message may have to wait. */
  congested(side: Side): boolean {
    const way = this.ways[side === "client" ? "toServer" : "toClient"];
    if (this.at[side].reset || way.lossy) return true;
    if (!this.setup.slow) return false;
    const waits = this.streams(side).some(({ writer }) => writer.waiting.length + writer.left.length > 0);
    const bytes = way.sent.reduce(
      (sum, frame) => sum + 100 + (frame.t === "Data" ? frame.message.size : 200),
      0,
    );
    return waits || bytes > CONGESTED_BYTES;
  }

  streams(side: Side): readonly (ClientModel | ServerModel)[] {
    return side === "client" ? this.clients : this.servers;
  }

  open(plan: Extract<Action, { do: "open" }>["plan"]): ClientModel {
    const key = this.keys++;
    const { client } = this.at;
    const parent = plan.parent === undefined ? undefined : this.server(plan.parent);
    const aborted = plan.abortedBefore
      ? endOfReason("text", "client")
      : parent?.ending && { ...parent.ending, side: "client" as const };
    const refused = aborted ??
      (client.closing || client.ended ? end(12006, "transport is closing") : undefined);
    const id = refused === undefined ? ++this.#lastId : 0;
    const model = new ClientModel(id, { ...plan, parent: parent?.id }, {
      now: () => this.now,
      nextTimer: () => this.#timers++,
      serviceName: SERVICE_NAME,
      send: (frame) => this.send("toServer", frame),
      drains: () => client.draining = true,
    });
    model.key = key;
    model.parentStream = parent;
    this.clients.push(model);
    if (refused !== undefined) model.refuse(refused);
    else this.send("toServer", { t: "Header", id, meta: { isn: "Test", k: `${key}` } });
    return model;
  }

  /**
   * Frames have been seen on the wire.
   *
   * @throws {Error} If they are not what has been sent.
   */
  seen(to: Direction, frames: readonly Frame[]): void {
    const chunk = frames.map((frame) => this.#match(to, frame));
    this.arrive(to, chunk);
  }

  #match(to: Direction, frame: Frame): ModelFrame {
    const { sent } = this.ways[to];
    const line = lineOf(frame);
    const [first] = sent;
    const next = sent.find(({ id, step }) => id === frame.streamId && step === first?.step);
    if (next !== undefined && lineOf(frameOf(next)) === line) {
      sent.splice(sent.indexOf(next), 1);
      return next;
    }
    const late = to === "toClient" && frame.type === FrameType.Header
      ? this.servers.find(({ id, lateHeader }) => lateHeader && id === frame.streamId)
      : undefined;
    if (late !== undefined) {
      late.lateHeader = false;
      return { t: "Header", id: late.id };
    }
    if (frame.type === FrameType.Data) {
      const side = to === "toServer" ? "client" : "server";
      const stream = this.streams(side).find(({ id, writer }) =>
        id === frame.streamId && writer.left.length + writer.waiting.length > 0
      );
      const message = stream?.writer.left[0] ?? stream?.writer.waiting[0]?.message;
      if (
        stream !== undefined && message !== undefined && showMessage(message) === showPayload(frame.payload)
      ) {
        if (stream.writer.left.length === 0) stream.writer.sent();
        stream.writer.left.shift();
        return { t: "Data", id: stream.id, message };
      }
    }
    throw new Error(
      `on the wire ${to}: ${line}, expected ${first === undefined ? "nothing" : lineOf(frameOf(first))}`,
    );
  }

  /** Something reaches a side. */
  arrive(to: Direction, what: Arrived): void {
    const way = this.ways[to];
    if (what === "fin") {
      if (
        way.sent.length > 0 && !way.lossy && !this.setup.slow && !way.closed &&
        !this.at[to === "toServer" ? "server" : "client"].ended
      ) {
        throw new Error(`lost ${to}: ${way.sent.map((frame) => lineOf(frameOf(frame)))}`);
      }
      way.closed = true;
      way.sent = [];
    }
    way.arrived.push(what);
    this.#pump(to);
  }

  /** What has arrived is read, as long as not too much is unread. */
  #pump(to: Direction): void {
    const side = to === "toServer" ? "server" : "client";
    const way = this.ways[to];
    if (this.setup[side] === "script") way.arrived.length = 0;
    for (;;) {
      if (this.at[side].ended) way.arrived.length = 0;
      if (way.paused && this.#unreadBytes(side) > this.setup.maxBufferedBytes / 2) return;
      way.paused = false;
      const what = way.arrived.shift();
      if (what === undefined) return;
      if (what === "fin") this.#lose(side, "connection closed by peer");
      else if (what === "reset") this.#lose(side, "reset");
      else {
        for (const frame of what) this.#receive(side, frame);
        way.paused = this.#unreadBytes(side) > this.setup.maxBufferedBytes;
      }
      this.serve();
    }
  }

  #unreadBytes(side: Side): number {
    return this.streams(side).reduce(
      (sum, { reader }) => sum + (reader.uncounted ? 0 : reader.unreadBytes),
      0,
    );
  }

  #lose(side: Side, text: string): void {
    const state = this.at[side];
    if (state.ended) return;
    state.ended = true;
    this.ways[side === "client" ? "toServer" : "toClient"].lossy = true;
    const loss = side === "client" ? end(12006, text) : end(12013, "canceled by connection closed");
    for (const stream of this.streams(side)) stream.lose(loss);
  }

  #receive(side: Side, frame: ModelFrame): void {
    if (side === "client") {
      if (frame.t === "Meta" && frame.id === 0 && frame.meta?.["tts-draining"]) {
        this.at.client.draining = true;
      }
      this.clients.find(({ id, live }) => live && id === frame.id)?.receive(frame);
      return;
    }
    const stream = this.servers.find(({ id, live }) => live && id === frame.id);
    if (stream !== undefined) stream.receive(frame);
    else if (frame.t === "Header") this.#opened(frame);
  }

  #opened({ id, meta = {} }: ModelFrame): void {
    const { draining } = this.at.server;
    if (draining || this.#running >= this.setup.maxStreams) {
      const message = draining
        ? "server is shutting down"
        : `too many streams: the limit is ${this.setup.maxStreams}`;
      this.send("toClient", { t: "Header", id });
      this.send("toClient", { t: "Trailer", id, said: { type: 6, message } });
      return;
    }
    const key = Number(meta["k"]);
    const stream = new ServerModel(
      id,
      key % 2 === 0 ? "iterator" : "reader",
      key % 4 < 2 ? "send" : "writer",
      {
        send: (frame) => this.send("toClient", frame),
        returned: () => this.#running--,
      },
    );
    stream.key = key;
    this.#running++;
    this.servers.push(stream);
  }

  /** What has come reaches whoever waits for it, and ends reach the calls made for a stream. */
  serve(): void {
    for (const server of this.servers) server.call();
    for (const server of this.servers) server.serve();
    for (const client of this.clients) {
      const ending: End | undefined = client.parentStream?.ending;
      if (ending !== undefined && client.parentStream?.called) client.parentEnded(ending);
      client.serve();
    }
    const { server } = this.at;
    if (server.draining && this.#running === 0 && !server.closing) {
      server.closing = true;
    }
  }

  get running(): number {
    return this.#running;
  }

  /** Something has been read or dropped: what waits behind it may be read now. */
  settle(): void {
    this.#step++;
    this.serve();
    this.#pump("toServer");
    this.#pump("toClient");
    this.serve();
  }

  /** Everything that has been sent gets there: what one turn has set off in one piece. */
  carry(): void {
    this.settle();
    for (const to of ["toServer", "toClient"] as const) {
      const frames = this.ways[to].sent.splice(0);
      if (frames.length > 0) this.arrive(to, frames);
    }
    this.settle();
    if (this.ways.toServer.sent.length + this.ways.toClient.sent.length > 0) this.carry();
  }

  /** A side's connection has ended. @returns What is wrong with that. */
  adopt(side: Side): string | undefined {
    const state = this.at[side];
    if (state.ended) return undefined;
    if (state.reset) {
      this.#lose(side, "reset");
      return undefined;
    }
    const live = this.streams(side).filter((stream) => stream.live).length;
    const done = side === "client" ? state.closing || state.draining : state.draining && this.#running === 0;
    if (live > 0 || !(state.aborted || done)) {
      return `the ${side}'s connection has ended, ${live} streams are live`;
    }
    state.ended = true;
    for (const stream of this.streams(side)) stream.lose(end(12006, "transport is closing"));
    return undefined;
  }

  /** Lets time pass up to the next time-out, if there is one until then. @returns Whether there was. */
  step(until: number): boolean {
    const dues = this.clients.flatMap((client) => [
      {
        at: client.watched ? client.timeoutAt : Infinity,
        timer: client.timer,
        fire: () => client.timedOut(),
      },
      { at: client.readAt, timer: client.readTimer, fire: () => client.readTimedOut() },
    ]);
    const { graceAt, graceTimer } = this.at.client;
    dues.push({ at: graceAt, timer: graceTimer, fire: () => this.disposeAll() });
    const at = Math.min(...dues.map((due) => due.at));
    if (at > until) {
      this.now = until;
      return false;
    }
    this.now = at;
    for (const due of dues.filter((due) => due.at === at).sort((a, b) => a.timer - b.timer)) due.fire();
    this.settle();
    return true;
  }

  /** The sooner of two graces counts. */
  closeWithin(graceMs: number): void {
    if (this.now + graceMs >= this.at.client.graceAt) return;
    this.at.client.graceAt = this.now + graceMs;
    this.at.client.graceTimer = this.#timers++;
  }

  disposeAll(): void {
    this.at.client.graceAt = Infinity;
    for (const client of this.clients) if (client.live) client.dispose();
  }

  static readonly method = METHOD;
}
