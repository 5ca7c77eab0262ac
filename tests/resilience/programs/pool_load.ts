import { createClient, createPool, defineService, type Protocol, retry, StreamError } from "../../../mod.ts";
import { rawCodec } from "../../../src/core/codec.ts";
import { Load } from "../../pool/load.ts";
import { type Command, number } from "./commands.ts";

const raw = { request: rawCodec, response: rawCodec } as const;
/** Of whatever echoes what it gets. */
const Echo = defineService("Echo", {
  one: { kind: "unary", ...raw },
  up: { kind: "client", ...raw },
  down: { kind: "server", ...raw },
  both: { kind: "bidirectional", ...raw },
});

/** What a load has come to so far. */
export interface Loaded {
  readonly answered: number;
  /** Calls that were made again, since no server had begun them. */
  readonly retried: number;
  readonly failed: number;
  /** The first of the errors. */
  readonly reason: string;
  readonly streams: number;
  readonly waiting: number;
  /** Of each address how many connections take streams, and how often it was dialled. */
  readonly addresses: readonly { readonly open: number; readonly dials: number }[];
}

/** Calls through a pool, of every kind that the protocol has. */
export interface PoolLoad {
  soFar(): Loaded;
  /** Ends it, and closes the pool. */
  stop(): Promise<Loaded>;
}

/** How long a bidirectional call pauses between its messages: a restart meets some of them. */
const PAUSE_MS = 20;
const message = new TextEncoder().encode("a message of some forty bytes, or so");

/** Starts a load of so many workers over a pool of these ports, with retries. */
export function poolLoad(command: Command, protocol: Protocol): PoolLoad {
  const { ports } = command;
  if (!Array.isArray(ports)) throw new TypeError("load: ports must be a list");
  const pool = createPool({
    addresses: ports.map((port) => ({ port: Number(port) })),
    protocol,
    backoff: { initialMs: 5, maxMs: 50 },
    onError: () => {},
  });
  let retried = 0;
  const retryable = (error: unknown) => {
    if (!(error instanceof StreamError && error.retryable)) return false;
    retried++;
    return true;
  };
  const client = createClient(Echo, retry(pool, { retryable }));
  const streaming = [
    async () => {
      const call = client.up();
      await call.sendAll([message]);
      check(await call.response);
    },
    async () => {
      for await (const answer of client.down(message)) check(answer);
    },
    async () => {
      const call = client.both();
      const reader = call.readable.getReader();
      for (let i = 0; i < 2; i++) {
        await call.send(message);
        check((await reader.read()).value);
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
      await call.sendAll([]);
      if (!(await reader.read()).done) throw new Error("more came back than was sent");
    },
  ];
  const unary = async () => check(await client.one(message));
  const load = new Load(
    command["unary"] === true ? [unary, ...streaming] : streaming,
    number(command, "workers"),
  );
  const soFar = (): Loaded => ({
    answered: load.answered,
    retried,
    failed: load.failures.length,
    reason: load.failures.length === 0 ? "" : String(load.failures[0]),
    streams: pool.stats.streams,
    waiting: pool.stats.waiting,
    addresses: pool.stats.addresses.map(({ connections: { idle, active }, dials }) => ({
      open: idle + active,
      dials,
    })),
  });
  return {
    soFar,
    async stop() {
      await load.stop();
      const last = soFar();
      await pool.close();
      return last;
    },
  };
}

function check(answer: Uint8Array | undefined): void {
  if (answer?.length !== message.length) throw new Error(`${answer?.length} bytes came back`);
}
