import type { Case, RawClientCase, RawServerCase, RawStep, ScriptedCase } from "../cases/case.ts";
import type { Call, Op } from "../script.ts";
import { Reader, type Seen, type Sketch, write } from "./frames.ts";
import { addEvent, addFrames, type Observation } from "./observe.ts";
import type { Peer, PeerEvent } from "./peer.ts";
import { Http2Reader } from "./http2_frames.ts";
import { isGone, type Passed, type Proxy, startProxy } from "./proxy.ts";

/** Which peer plays which node. */
export type Cast = Readonly<Record<string, Peer>>;

/** What came of a case. */
export interface Played {
  readonly seen: Observation;
  /** Milliseconds from a cancel at A to its Rst on the wire, as the runner saw it. */
  readonly rstAfterMs?: number | undefined;
}

const CASE_MS = 25_000; // no script takes longer: the peers themselves give up after 20 s
const QUIET_MS = 150; // a wire on which nothing moved for so long is done

/** Runs one case with one cast and tells what was seen. */
export function execute(one: Case, id: string, cast: Cast): Promise<Played> {
  switch (one.kind) {
    case "scripted":
      return scripted(one, id, cast);
    case "raw server":
      return rawServer(one, id, cast);
    case "raw client":
      return rawClient(one, id, cast);
  }
}

async function scripted(one: ScriptedCase, id: string, cast: Cast): Promise<Played> {
  const seen: Observation = new Map();
  const proxies = new Map<string, Proxy>();
  let cancelledMs: number | undefined;
  const watch = new Watch(seen, id, Object.values(cast), (event) => {
    if (event.ev === "cancel" && event.node === "A") cancelledMs ??= performance.now();
    if (event.ev === "cut") proxies.get("A>B")?.cut();
    if (event.ev === "spoil") proxies.get("A>B")?.spoil().catch(() => undefined); // gone: what the ends say tells
  });
  try {
    for (const step of one.calls) {
      await watch.perform(cast, [step].flat().map((call) => addressed(call, "A", cast, proxies)));
    }
    await watch.handlersEnded(
      one.handlers ?? one.calls.flat().reduce((sum, call) => sum + handlersOf(call), 0),
    );
    for (const proxy of proxies.values()) await quiet(proxy.lastMs);
    if (one.frames !== false) { for (const [wire, proxy] of proxies) addFrames(seen, wire, proxy.passed); }
    if (one.connections === true) {
      for (const [wire, proxy] of proxies) seen.set(`wire ${wire} connections`, [{ ...proxy.connections() }]);
    }
    const rst = proxies.get("A>B")?.passed.find(({ frame }) => frame.type === "rst");
    if (rst === undefined || cancelledMs === undefined) return { seen };
    return { seen, rstAfterMs: Math.max(0, rst.atMs - cancelledMs) };
  } finally {
    watch.close();
    await Promise.all([...proxies.values()].map((proxy) => proxy.close()));
  }
}

/** The call with its address filled in, and those of the calls that its server makes. */
function addressed(
  call: Call,
  from: string,
  cast: Cast,
  proxies: Map<string, Proxy>,
): Call & { address: string } {
  const wire = `${from}>${call.to}`;
  const { address, plainAddress, grpcAddress } = peerOf(cast, call.to);
  const overGrpc = (call.options?.protocol ?? "ttheader") !== "ttheader";
  const proxy = proxies.get(wire) ??
    (overGrpc
      ? startProxy(grpcAddress, (found, way) => new Http2Reader(found, way))
      : startProxy(call.untyped === true ? plainAddress : address));
  proxies.set(wire, proxy);
  const fill = (ops: readonly Op[]): Op[] =>
    ops.map((op) => {
      if (op.do === "lanes") return { ...op, lanes: op.lanes.map(fill) };
      if (op.do === "call") return { ...op, call: addressed(op.call, call.to, cast, proxies) };
      return op;
    });
  const options = { serviceName: `Service${from}`, ...call.options };
  return { ...call, address: proxy.address, options, server: fill(call.server ?? []) };
}

function handlersOf(call: Call): number {
  if (call.quiet === true) return 0;
  const inside = (ops: readonly Op[]): number =>
    ops.reduce((sum, op) => {
      if (op.do === "lanes") return sum + op.lanes.reduce((n, lane) => n + inside(lane), 0);
      return op.do === "call" ? sum + handlersOf(op.call) : sum;
    }, 0);
  return 1 + inside(call.server ?? []);
}

function peerOf(cast: Cast, node: string): Peer {
  const peer = cast[node];
  if (peer === undefined) throw new Error(`nobody plays ${node}`);
  return peer;
}

/** Takes down what the peers say of one case, and waits for its ends. */
class Watch {
  readonly #seen: Observation;
  readonly #id: string;
  readonly #peers: readonly Peer[];
  readonly #deadline = performance.now() + CASE_MS;
  #clients = 0;
  #handlers = 0;
  #reads = 0;
  #changed = Promise.withResolvers<void>();

  constructor(seen: Observation, id: string, peers: readonly Peer[], also: (event: PeerEvent) => void) {
    this.#seen = seen;
    this.#id = id;
    this.#peers = [...new Set(peers)];
    for (const peer of this.#peers) {
      peer.listen(id, (event) => {
        also(event);
        if (event.ev !== "finished" || event.stuck === true) addEvent(seen, event);
        if (event.ev === "recv") this.#reads++;
        if (event.ev === "died") this.#clients = this.#handlers = this.#reads = Infinity;
        if (event.ev === "finished" && event.role === "client") this.#clients++;
        if (event.ev === "finished" && event.role === "server") this.#handlers++;
        this.#changed.resolve();
        this.#changed = Promise.withResolvers();
      });
    }
  }

  /** Has A make calls at once, and waits until their clients' scripts have ended. */
  async perform(cast: Cast, calls: readonly Call[]): Promise<void> {
    const before = this.#clients;
    const commands = calls.map((call) => ({ case: this.#id, node: `A${call.tag ?? ""}`, call }));
    await Promise.all(commands.map((command) => peerOf(cast, "A").perform(command)));
    await this.#until("the clients' scripts", () => this.#clients >= before + calls.length);
  }

  /** Waits until so many reads have been told of. */
  heard(expected: number): Promise<void> {
    return this.#until(`${expected} reads`, () => this.#reads >= expected);
  }

  /** Waits for so many handlers; where none is expected, a moment shows that none is there. */
  handlersEnded(expected: number): Promise<void> {
    return this.#until(`${expected} handlers`, () => this.#handlers >= expected);
  }

  async #until(what: string, reached: () => boolean): Promise<void> {
    while (!reached()) {
      const left = this.#deadline - performance.now();
      if (left <= 0) {
        return addEvent(this.#seen, {
          ev: `the runner waited ${CASE_MS} ms for ${what}`,
          node: "?",
          role: "runner",
        });
      }
      await Promise.race([this.#changed.promise, after(Math.min(left, 500))]);
    }
  }

  close(): void {
    for (const peer of this.#peers) peer.forget(this.#id);
  }
}

async function quiet(lastMs: () => number): Promise<void> {
  for (let left = QUIET_MS; left > 0; left = lastMs() + QUIET_MS - performance.now()) await after(left);
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

// ---- one end is hand-written bytes ----

/** One end of a wire, in hand-written frames. */
class RawEnd {
  readonly passed: Passed[] = [];
  closed = false;
  #last = performance.now();
  readonly #conn: Deno.Conn;
  readonly #reading: Promise<void>;

  constructor(conn: Deno.Conn, way: Passed["way"], arrived: (frame: Seen) => void) {
    this.#conn = conn;
    this.#reading = this.#read(
      new Reader((frame) => {
        this.passed.push({ way, connection: 1, frame, atMs: performance.now() });
        arrived(frame);
      }),
    );
  }

  async #read(reader: Reader): Promise<void> {
    const buffer = new Uint8Array(16 * 1024);
    try {
      for (let n = await this.#conn.read(buffer); n !== null; n = await this.#conn.read(buffer)) {
        this.#last = performance.now();
        reader.push(buffer.subarray(0, n));
      }
    } catch (error) {
      if (!isGone(error)) throw error;
    }
    this.#last = performance.now();
    this.closed = true;
  }

  /** Sends a frame; into a connection that the other end has closed, nothing: `closed` tells. */
  async send(what: Sketch | Uint8Array): Promise<void> {
    const bytes = what instanceof Uint8Array ? what : write(what);
    try {
      for (let sent = 0; sent < bytes.length;) sent += await this.#conn.write(bytes.subarray(sent));
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }

  readonly lastMs = (): number => this.#last;

  async close(): Promise<void> {
    if (!this.#gone) this.#conn.close();
    this.#gone = true;
    await this.#reading;
  }
  #gone = false;
}

/** A client against hand-written bytes. */
async function rawServer(one: RawServerCase, id: string, cast: Cast): Promise<Played> {
  const seen: Observation = new Map();
  const watch = new Watch(seen, id, [peerOf(cast, "A")], () => undefined);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const ends: RawEnd[] = [];
  const accepting = (async () => {
    for await (const conn of listener) {
      conn.setNoDelay(true);
      let answered = false;
      const end = new RawEnd(conn, "c2s", (frame) => {
        if (answered || frame.type !== (one.when ?? "header")) return;
        answered = true;
        act(end, one.sends(frame.sid), watch).catch(() => undefined); // the client may be gone: its events tell
      });
      ends.push(end);
    }
  })();
  try {
    const call = {
      ...one.call,
      address: `127.0.0.1:${listener.addr.port}`,
      options: { serviceName: "ServiceA", ...one.call.options },
    };
    await watch.perform(cast, [call]);
    for (const end of ends) {
      await quiet(end.lastMs);
      addFrames(seen, "A>raw", end.passed);
      addEvent(seen, {
        ev: end.closed ? "the client closed the connection" : "the connection is open",
        node: "raw",
        role: "server",
      });
    }
    return { seen };
  } finally {
    watch.close();
    listener.close();
    await Promise.all([accepting, ...ends.map((end) => end.close())]);
  }
}

/** Goes through what a hand-written end does. */
async function act(end: RawEnd, steps: readonly RawStep[], watch: Watch): Promise<void> {
  for (const step of steps) {
    if (step === "pause") await after(PAUSE_MS);
    else if (step === "close") await end.close();
    else if ("heard" in step) await watch.heard(step.heard);
    else await end.send(step);
  }
}

const PAUSE_MS = 100; // lets the other end see by itself what came before

/** A server against hand-written bytes. */
async function rawClient(one: RawClientCase, id: string, cast: Cast): Promise<Played> {
  const seen: Observation = new Map();
  const server = peerOf(cast, "B");
  const watch = new Watch(seen, id, [server], () => undefined);
  const [hostname = "", port = ""] = server.address.split(":");
  const end = new RawEnd(await Deno.connect({ hostname, port: Number(port) }), "s2c", () => undefined);
  try {
    const script = { case: id, node: "B", ops: one.server, after: one.after ?? [] };
    const strings = { isn: "Interop", RPC_TRANSIT_SCRIPT: JSON.stringify(script) };
    await act(end, one.sends({ type: "header", sid: 1, method: "bidi", strings }), watch);
    await watch.handlersEnded(one.handlers ?? 1);
    await quiet(end.lastMs);
    addFrames(seen, "raw>B", end.passed);
    addEvent(seen, {
      ev: end.closed ? "the connection is closed" : "the connection is open",
      node: "raw",
      role: "client",
    });
    return { seen };
  } finally {
    watch.close();
    await end.close();
  }
}
