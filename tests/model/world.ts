import { assertEquals } from "@std/assert";
import type { Direction } from "./actions.ts";
import { ClientConnection } from "../../src/rpc/client/connection.ts";
import { Clock } from "./clock.ts";
import { FrameDecoder } from "../../src/ttheader/frame_decoder.ts";
import { writeFrame } from "../support/write_frame.ts";
import { ByteBuffer } from "../../src/base/buffer.ts";
import { frameOf, type ModelFrame } from "./frames.ts";
import { Inside } from "../torture/inside.ts";
import { Line } from "./pipe.ts";
import { ServedConnection } from "../../src/rpc/server/connection.ts";
import { type ClientSide, Handlers } from "./sides.ts";
import type { FrameConnection, FrameReceiver } from "../../src/ttheader/connection.ts";
import { Ended } from "./ended.ts";
import { Observers } from "../../src/core/observation.ts";
import { DEFAULT_PROTOCOL } from "../../src/rpc/default_protocol.ts";
import type { Setup, Side, WorldModel } from "./world_model.ts";
import { loosely, sayNoMore } from "./loosely.ts";
import { turns } from "../support/turns.ts";

/** After so many turns of the event loop what a command has set off has happened: nothing waits for a clock or a kernel. */
const SETTLE_TURNS = 4;
const LIMITS = { maxFrameBytes: 16 * 1024 * 1024, frameTimeoutMs: 10_000 };

type Frames = FrameConnection<FrameReceiver>;

/** The library's client and server, or one of them and a script, on a line and a clock that the test holds. */
export class World implements Disposable {
  readonly clock = new Clock();
  readonly line: Line;
  readonly clients: ClientSide[] = [];
  readonly ended = new Ended();
  readonly handlers = new Handlers(this.ended);
  readonly connection: ClientConnection | undefined;
  readonly serving: ServedConnection | undefined;
  readonly #inside = new Inside();
  readonly #frames: Partial<Record<Side, Frames | undefined>> = {};
  readonly #decoders = { toServer: new FrameDecoder(1 << 26), toClient: new FrameDecoder(1 << 26) };
  readonly unhandled: string[] = [];
  readonly #closes: string[] = [];
  readonly #note = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    this.unhandled.push(String(event.reason));
  };

  constructor(readonly setup: Setup) {
    this.line = new Line(setup.slow);
    globalThis.addEventListener("unhandledrejection", this.#note);
    const observers = new Observers([this.ended.observer]);
    const limits = { ...LIMITS, maxBufferedBytes: setup.maxBufferedBytes };
    if (setup.client === "library") {
      this.connection = new ClientConnection(this.line.client, {
        protocol: DEFAULT_PROTOCOL,
        limits,
        serviceName: "Client",
        cancelFrame: "rst",
        authority: "",
        secure: false,
        observers,
      });
      this.#frames.client = this.#inside.newest;
    }
    if (setup.server === "library") {
      this.serving = new ServedConnection(this.line.server, {
        handler: this.handlers.handler,
        protocols: [DEFAULT_PROTOCOL],
        limits,
        maxStreams: setup.maxStreams,
        idleTimeoutMs: 0,
        handlerTimeoutMs: 0,
        remoteAddr: undefined,
        onError: this.handlers.onError,
        observers,
      });
      this.#frames.server = this.#inside.newest;
    }
  }

  settle(): Promise<void> {
    return turns(SETTLE_TURNS);
  }

  /** A scripted side sends frames, in one piece. */
  peerSends(to: Direction, frames: readonly ModelFrame[]): void {
    const buffer = new ByteBuffer();
    for (const frame of frames) writeFrame(buffer, frameOf(frame));
    this.line[to].write(buffer.toBytes()).catch(() => {
      // The line has been reset.
    });
  }

  /** Hands over what has been sent, all of it or the next piece, and tells the model what it was. */
  async deliver(model: WorldModel, to: Direction, all: boolean): Promise<void> {
    do {
      const what = this.line[to].deliver();
      if (what === undefined) return;
      // What the room lets go comes before what the news sets off.
      await this.settle();
      this.#adoptWrites(model);
      if (what === "fin") model.arrive(to, "fin");
      else {
        const decoder = this.#decoders[to];
        decoder.push(what.slice());
        const frames = [];
        for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) frames.push(frame);
        model.seen(to, frames);
      }
      await this.#look(model);
    } while (all);
  }

  /** Lets time pass in both worlds. */
  async pass(model: WorldModel, ms: number): Promise<void> {
    const until = model.now + ms;
    let more = true;
    while (more) {
      const before = model.now;
      // A side that does not read notices a reset by and by.
      const next = model.at.client.reset ? Math.min(until, before + 1) : until;
      more = model.step(next) || next < until;
      await this.clock.advance(model.now - before, () => this.settle());
      await this.#look(model);
    }
  }

  /** Whether what there is is what the model says. */
  async look(model: WorldModel): Promise<void> {
    await this.#look(model);
    const { expected, actual } = this.#compared(model);
    assertEquals(actual, expected);
  }

  async #look(model: WorldModel): Promise<void> {
    model.settle();
    await this.settle();
    for (const side of ["client", "server"] as const) {
      if (this.#frames[side]?.closed) {
        const wrong = model.adopt(side);
        if (wrong !== undefined) throw new Error(wrong);
      } else if (this.#frames[side] !== undefined && model.at[side].ended) {
        throw new Error(`the ${side}'s connection should have ended`);
      }
    }
    this.#adoptWrites(model);
    model.settle();
    await this.settle();
  }

  /** What waits for the connection may leave at any time. */
  #adoptWrites(model: WorldModel): void {
    for (const [stream, side] of this.#pairs(model)) {
      let first = stream.writer.waiting[0];
      while (first !== undefined && side?.writes.seen[first.index] === "ok") {
        stream.writer.sent();
        if ("sentLate" in stream) stream.sentLate();
        first = stream.writer.waiting[0];
      }
    }
  }

  #pairs(model: WorldModel) {
    return [
      ...model.clients.map((client, index) => [client, this.clients[index]] as const),
      ...model.servers.map((server) => [server, this.handlers.sides.get(server.key)] as const),
    ];
  }

  #compared(model: WorldModel): { expected: unknown; actual: unknown } {
    const pairs = this.#pairs(model).filter(([stream, side]) =>
      side !== undefined || ("called" in stream && stream.called)
    );
    const calls = model.servers.filter(({ called }) => called).map(({ key }) => key);
    const expected = {
      streams: pairs.map(([stream]) => ({ id: stream.id, ...stream.seen })),
      calls,
      open: this.#each((side) =>
        model.at[side].ended ? 0 : model.streams(side).filter(({ live }) => live).length
      ),
      unhandled: [],
    };
    const actual = {
      streams: pairs.map(([stream, side], index) => ({
        id: stream.id,
        ...loosely(side?.seen ?? {}, expected.streams[index] ?? {}, stream.id === 0),
      })),
      calls: this.handlers.calls,
      open: this.#each((side) => this.#frames[side]?.size ?? 0),
      unhandled: this.unhandled,
    };
    return { expected, actual };
  }

  #each(count: (side: Side) => number): Record<string, number> {
    const entries = (["client", "server"] as const).filter((side) => this.#frames[side] !== undefined);
    return Object.fromEntries(entries.map((side) => [side, count(side)]));
  }

  note(closing: Promise<void>): void {
    const index = this.#closes.push("pending") - 1;
    closing.then(() => this.#closes[index] = "ok", () => this.#closes[index] = "rejected");
  }

  /** Ends what is left, and tells what is left over then. */
  async finish(model: WorldModel): Promise<string[]> {
    const left: string[] = [];
    const deliverAll = async () => {
      for (let round = 0; round < 40; round++) {
        if (this.line.toServer.held.length + this.line.toClient.held.length === 0) return;
        await this.deliver(model, "toServer", true);
        await this.deliver(model, "toClient", true);
      }
    };
    await deliverAll();
    // What nobody reads holds back its neighbours' ends: each is read out, or dropped.
    for (const client of model.clients) {
      this.clients[model.clients.indexOf(client)]?.dispose();
      client.dispose();
      await this.look(model);
    }
    await deliverAll();
    for (const server of model.servers) {
      if (!server.called || server.returning) continue;
      this.handlers.sides.get(server.key)?.finish("return");
      server.finish("return");
      await this.look(model);
      await deliverAll();
    }
    await deliverAll();
    // A side that does not read notices a reset by a write, and gives the read a little time.
    if (model.at.client.reset) await this.pass(model, 200);
    await this.look(model);
    left.push(...this.#inside.leaks());
    const scripted = this.setup.client === "script" ? "toServer" : "toClient";
    if (this.setup.client !== this.setup.server) this.line[scripted].end();
    this.clients.forEach((client) => client.ask());
    await this.settle();
    model.clients.forEach(({ id, header, trailer, closed }, index) => {
      const told = this.clients[index]?.told ?? [];
      const asked = told.map((lines) => id === 0 ? lines.map(sayNoMore) : lines);
      assertEquals(asked, asked.map(() => [header, trailer, closed]), `what stream ${index} tells`);
    });
    // Whoever closes may wait for the other end.
    const { client, server } = model.at;
    const leaving = client.closing || client.draining || client.reset || server.closing;
    if (this.clock.pending > 0 && !leaving) {
      left.push(`${this.clock.pending} timers`);
    }
    if (this.connection !== undefined) {
      const disposing = this.connection[Symbol.asyncDispose]();
      model.at.client.closing = true;
      this.note(disposing);
      this.note(this.connection.closed.catch(() => {}));
    }
    for (let round = 0; round < 4; round++) {
      await this.settle();
      await deliverAll();
      await this.clock.advance(10_000, () => this.settle());
    }
    await deliverAll();
    left.push(...this.#inside.leaks());
    if (this.clock.pending > 0) left.push(`${this.clock.pending} timers at last`);
    for (const side of ["client", "server"] as const) {
      if (this.#frames[side]?.closed === false) left.push(`the ${side}'s connection has not ended`);
    }
    const sides = [...this.clients, ...this.handlers.sides.values()];
    for (const { reads, writes, pumps, others } of sides) {
      for (const { seen } of [reads, writes, pumps, others]) {
        if (seen.includes("pending")) left.push(`a promise that never settles: ${seen}`);
        if (seen.some((line) => line.includes(" AND THEN "))) left.push(`settled twice: ${seen}`);
      }
    }
    if (this.#closes.includes("pending")) left.push("a close that never resolves");
    if (model.running > 0) left.push(`${model.running} handlers run`);
    left.push(...this.unhandled, ...this.ended.left());
    return left;
  }

  [Symbol.dispose](): void {
    this.#inside[Symbol.dispose]();
    this.clock[Symbol.dispose]();
    globalThis.removeEventListener("unhandledrejection", this.#note);
  }
}
