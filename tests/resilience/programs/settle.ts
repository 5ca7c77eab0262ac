import type { ClientStream, Connection } from "../../../mod.ts";
import { TTStreamError } from "../../../mod.ts";

/** How the conversations of a run ended. */
export interface Ended {
  /** Conversations of which every promise settled. */
  settled: number;
  /** How often each promise did not. */
  readonly unsettled: Record<string, number>;
  /** How often `readable` ended in each way. */
  readonly ways: Record<string, number>;
}

/** Sends the messages, half closes, reads to the end, and waits for every promise that there is. */
export async function settle(
  connection: Connection,
  stream: ClientStream,
  messages: readonly Uint8Array[],
  patienceMs: number,
  ended: Ended,
): Promise<void> {
  const writer = stream.writable.getWriter();
  const writes = async () => {
    for (const message of messages) await writer.write(message);
    await writer.close();
  };
  const read = async () => {
    for await (const _ of stream.readable); // to its end
  };
  const reading = read();
  const all: Record<string, Promise<unknown>> = {
    readable: reading,
    writable: writes(),
    "writer.closed": writer.closed,
    header: stream.header,
    trailer: stream.trailer,
    // A connection that stays open ends when its stream has.
    "connection.closed": reading.catch(() => {}).then(() => connection.close()),
  };
  const missing = new Set(Object.keys(all));
  const settling = Object.entries(all).map(([name, promise]) =>
    promise.catch((error) => {
      if (name === "readable") {
        count(ended.ways, error instanceof TTStreamError ? String(error.code) : String(error));
      }
    }).then(() => missing.delete(name))
  );
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, patienceMs);
  await Promise.race([Promise.all(settling), late]);
  clearTimeout(timer);
  if (missing.size === 0) ended.settled++;
  for (const name of missing) count(ended.unsettled, name);
}

function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}
