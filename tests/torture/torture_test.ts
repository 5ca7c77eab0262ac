// Everything at once, and in any order: whatever happens to dozens of streams and to their connection, every promise
// settles, both ends agree on how each stream ended, and nothing is left behind. A failure tells its seed; run that
// one again with TORTURE_SEED=1234, or many more with TORTURE_COUNT=1000.
import { assertEquals } from "@std/assert";
import {
  connect,
  type Connection,
  type ConnectionOptions,
  connectOver,
  type ConnListener,
  createClient,
  type Handler,
  serve,
  serveOver,
  type ServeOverOptions,
} from "../../mod.ts";
import { Random } from "../support/random.ts";
import { Inside } from "./inside.ts";
import { type Circumstances, disagreements, endsOf, show, sideLog, type StreamLog } from "./log.ts";
import { Torture } from "./messages.ts";
import { type Disaster, streamPlan } from "./plan.ts";
import { handlerOf, isPlanned, runClient } from "./sides.ts";
import { turns } from "../support/turns.ts";
import { Wire } from "./wire.ts";
import { wrappedHandler, wrappedOpener } from "./wrap.ts";

/** Far longer than any scenario takes, a slow machine and the library's own time limits included. */
const PATIENCE_MS = 8_000;

const DISASTERS: readonly Disaster[] = [
  "none",
  "none",
  "none",
  "cut",
  "client abort",
  "client close",
  "client dispose",
  "shutdown",
  "shutdown now",
];

/** A client and a server, and what may happen to what is between them. */
interface Pair {
  readonly connection: Connection;
  cut(): void;
  shutdown(graceMs: number): Promise<unknown>;
  /** Resolves when both ends have ended. */
  ended(): Promise<unknown>;
}

type Limits = ConnectionOptions & ServeOverOptions;

function inMemory(random: Random, tampered: number, handler: Handler, limits: Limits): Pair {
  const wire = new Wire({ random, tampered });
  const serving = serveOver(wire.server, handler, limits);
  const connection = connectOver(wire.client, limits);
  return {
    connection,
    cut: () => wire.cut(),
    shutdown: () => {
      serving.abort();
      return serving.finished;
    },
    ended: () => Promise.all([serving.finished, connection.closed.catch(() => {}), wire.ended()]),
  };
}

async function overTcp(handler: Handler, limits: Limits): Promise<Pair> {
  const inner = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const conns: Deno.Conn[] = [];
  const listener: ConnListener<Deno.NetAddr> = {
    addr: inner.addr,
    async accept() {
      const conn = await inner.accept();
      conns.push(conn);
      return conn;
    },
    close: () => inner.close(),
  };
  const server = serve({ listener, ...limits }, handler);
  const connection = await connect({ port: server.addr.port, ...limits });
  return {
    connection,
    cut: () => conns.forEach((conn) => conn.close()),
    shutdown: (graceMs) => server.shutdown({ graceMs }),
    ended: () => Promise.all([server.shutdown({ graceMs: PATIENCE_MS }), connection.closed.catch(() => {})]),
  };
}

/** Does to the connection what the scenario says. */
async function strike(disaster: Disaster, pair: Pair): Promise<void> {
  switch (disaster) {
    case "none":
      return;
    case "cut":
      return pair.cut();
    case "client abort":
      return pair.connection.abort("all of you");
    case "client close":
      return await pair.connection.close();
    case "client dispose":
      return await pair.connection[Symbol.asyncDispose]();
    case "shutdown":
      return void await pair.shutdown(20);
    case "shutdown now":
      return void await pair.shutdown(0);
  }
}

/** Runs one scenario. @returns What went wrong. */
async function torture(
  seed: number,
  transport: "memory" | "tcp",
): Promise<{ wrong: string[]; logs: StreamLog[] }> {
  const random = new Random(Math.imul(seed, 0x9e3779b1));
  const streams = 1 + random.below(40);
  const tampers = transport === "memory" && random.below(3) === 0;
  const disaster = random.pick(DISASTERS);
  const disasterTurns = random.below(random.pick([3, 30, 100]));
  const limits: Limits = {
    serviceName: "Client",
    maxFrameBytes: random.pick([400_000, 16 * 1024 * 1024]),
    maxBufferedBytes: random.pick([1, 1000, 100_000, 4 * 1024 * 1024]),
  };
  const logs = Array.from({ length: streams }, (_, index): StreamLog => ({
    plan: streamPlan(random, index),
    client: { ...sideLog(), trailer: undefined },
    server: undefined,
  }));

  const wrong: string[] = [];
  const unhandled = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    wrong.push(`an unhandled rejection: ${event.reason?.stack ?? event.reason}`);
  };
  globalThis.addEventListener("unhandledrejection", unhandled);
  try {
    using inside = new Inside();
    const onError = (error: unknown) => {
      if (!isPlanned(error) && !tampers) wrong.push(`onError: ${error}`);
    };
    const wraps = random.below(4) === 0;
    const handler = wraps ? wrappedHandler(handlerOf(logs)) : handlerOf(logs);
    const options: Limits = { ...limits, onError };
    const pair = transport === "tcp"
      ? await overTcp(handler, options)
      : inMemory(random, tampers ? streams : 0, handler, options);
    const client = createClient(Torture, wraps ? wrappedOpener(pair.connection) : pair.connection);

    const clients = logs.map(async (log) => {
      await turns(log.plan.index % 3);
      await runClient(client, log);
    });
    const striking = turns(disasterTurns).then(() => strike(disaster, pair));
    if (!await within(Promise.all([...clients, striking]))) {
      wrong.push("not everything settled", ...logs.filter(({ client }) => client.waits !== "").map(show));
    }
    // The server is not told of a Rst that a proxy sent to the client alone.
    if (disaster === "none" && !tampers) {
      const settled = () => logs.every(({ server }) => server === undefined || server.waits === "");
      if (!await until(() => inside.openStreams === 0 && settled())) {
        wrong.push(
          "the server's streams did not settle",
          ...logs.filter(({ server }) => server?.waits).map(show),
        );
      }
      wrong.push(...inside.leaks());
    }
    await pair.connection[Symbol.asyncDispose]();
    if (!await within(pair.ended())) wrong.push("the connection did not end");
    const idle = ({ client, server }: StreamLog) =>
      client.waits === "" && (server === undefined || (server.reason !== undefined && server.waits === ""));
    if (!await until(() => logs.every(idle))) {
      wrong.push("a promise or a signal never settled", ...logs.filter((log) => !idle(log)).map(show));
    }
    wrong.push(...inside.leaks());
    const circumstances: Circumstances = {
      // A socket that closes with bytes unread drops what it has not sent yet, a cancel's Rst behind a large upload say.
      cut: disaster !== "none" && (disaster !== "client close" || transport === "tcp"),
      closed: disaster === "client close",
      shutdown: disaster === "shutdown" || disaster === "shutdown now",
      tampered: tampers,
    };
    for (const log of logs) {
      for (const problem of disagreements(log, circumstances)) {
        wrong.push(`${problem}\n${show(log)}`);
      }
    }
  } finally {
    globalThis.removeEventListener("unhandledrejection", unhandled);
  }
  const { maxFrameBytes, maxBufferedBytes } = limits;
  const scenario = `${disaster} of ${streams} streams, ${maxFrameBytes} ${maxBufferedBytes} bytes`;
  return { wrong: wrong.map((problem) => `${scenario}: ${problem}`), logs };
}

/** Waits for `work`. @returns False where it never ends. */
async function within(work: Promise<unknown>): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), PATIENCE_MS);
  try {
    return await Promise.race([work.then(() => true), promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until something holds. @returns False where it never does. */
async function until(holds: () => boolean): Promise<boolean> {
  const end = performance.now() + PATIENCE_MS;
  while (!holds() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 1));
  return holds();
}

const onlySeed = Deno.env.get("TORTURE_SEED");
const count = Number(Deno.env.get("TORTURE_COUNT") ?? "0");

function seedsOf(scenarios: number): number[] {
  // The same seed again and again, for what depends on the clock as well.
  if (onlySeed !== undefined) return Array.from({ length: count || 1 }, () => Number(onlySeed));
  return Array.from({ length: count || scenarios }, (_, i) => i + 1);
}

const ENDS = [
  "end",
  "left",
  "business error",
  "12001",
  "12006",
  "12007",
  "12008",
  "12012",
  "12013",
  "12014",
  "12015",
];

const transports = [
  { transport: "memory", scenarios: 120, ends: [...ENDS, "12002"] },
  { transport: "tcp", scenarios: 80, ends: ENDS },
] as const;

for (const { transport, scenarios, ends } of transports) {
  Deno.test(`streams that do anything at any time, ${transport}: all settle, both ends agree, nothing is left`, async () => {
    const seen = new Set<string>();
    for (const seed of seedsOf(scenarios)) {
      const { wrong, logs } = await torture(seed, transport);
      if (wrong.length > 0) throw new Error(`TORTURE_SEED=${seed}, ${transport}: ${wrong.join("\n")}`);
      for (const log of logs) for (const end of endsOf(log)) seen.add(end);
    }
    // Scenarios that end no stream in some way would not show that this way is sound.
    if (onlySeed === undefined) assertEquals(ends.filter((end) => !seen.has(end)), []);
  });
}
