import { connect, type Connection, type Protocol, StreamError } from "../../../mod.ts";
import { type Command, number } from "./commands.ts";

/** What calls have come to that their server may not take yet. */
export interface Waited {
  readonly ended: number;
  /** How often each end came: `well`, or what the error was. */
  readonly ways: Readonly<Record<string, number>>;
}

/** Calls on one connection, each with its number as the metadata `n`. */
export interface WaitingCalls {
  begin(command: Command): void;
  soFar(): Waited;
  /** Aborts the signals of those that have one. @returns After how long, in milliseconds, the last of them had ended. */
  abort(): Promise<{ readonly tookMs: number; readonly aborted: number }>;
  close(): Promise<void>;
}

/** One call in ten has a signal, and one a time-out. */
const [SIGNAL, TIMEOUT, OF] = [3, 7, 10];

/** Which calls of so many are to be served: those that neither end by their signal nor by their time-out. */
export function servedOf(calls: number): string[] {
  return Array.from({ length: calls }, (_, i) => i)
    .filter((i) => i % OF !== SIGNAL && i % OF !== TIMEOUT).map(String);
}

/** Connects. The calls begin with `begin`. */
export async function waitingCalls(
  command: Command,
  protocol: Protocol,
): Promise<WaitingCalls> {
  const connection = await connect({ port: number(command, "port"), protocol });
  const controller = new AbortController();
  const ways: Record<string, number> = {};
  const aborted: Promise<void>[] = [];
  let ended = 0;
  const one = async (n: number, timeoutMs: number) => {
    const way = await call(
      connection,
      n,
      n % OF === TIMEOUT ? timeoutMs : undefined,
      n % OF === SIGNAL ? controller.signal : undefined,
    );
    ways[way] = (ways[way] ?? 0) + 1;
    ended++;
  };
  return {
    begin(command) {
      const timeoutMs = number(command, "timeoutMs");
      for (let n = 0; n < number(command, "calls"); n++) {
        const call = one(n, timeoutMs);
        if (n % OF === SIGNAL) aborted.push(call);
      }
    },
    soFar: () => ({ ended, ways: { ...ways } }),
    async abort() {
      const began = performance.now();
      controller.abort(new Error("no longer wanted"));
      await Promise.all(aborted);
      return { tookMs: performance.now() - began, aborted: aborted.length };
    },
    close: () => connection.close(),
  };
}

/** @returns How it ended. */
async function call(
  connection: Connection,
  n: number,
  timeoutMs: number | undefined,
  signal: AbortSignal | undefined,
): Promise<string> {
  const { readable, writable } = connection.openStream({ service: "Test", method: "Echo" }, {
    metadata: { n: String(n) },
    timeoutMs,
    signal,
  });
  const writer = writable.getWriter();
  writer.write(new Uint8Array(8)).catch(() => {}); // what it says the reads say, too
  writer.close().catch(() => {});
  writer.closed.catch(() => {});
  try {
    for await (const _ of readable); // to its end
    return "well";
  } catch (error) {
    return error instanceof StreamError ? `code ${error.code}` : String(error);
  }
}
