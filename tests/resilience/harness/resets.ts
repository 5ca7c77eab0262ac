import type { Bytes } from "../../../mod.ts";
import { scheduled, since, stretch } from "./cpu.ts";
import { growthDuring, leftovers, MIB, mib, ms, percentile, seconds, wait } from "./measure.ts";
import type { Lab, Line } from "./row.ts";

const MAX_GROWTH_BYTES = 16 * MIB;
const MAX_TRIP_MS = 250;
/** What a stream that comes to nothing may cost the server, in microseconds of a processor; a start is among it. */
const MAX_STREAM_US = 300;
/** Streams of the neighbour: enough for a 99th percentile. */
const NEIGHBOURS = 10;
const MAX_STREAMS = 1024;
/** So many resets, in streams that may run at a time, end their connection. */
const BUDGET = 10 * MAX_STREAMS;
/** How long, in milliseconds, the end of a connection may take to come. */
const END_MS = 5_000;
/** In separate reads: so many streams at a time, and a turn of the event loop between. */
const PORTION = 200;

export type Handlers = "Heeds" | "Ignores";
export type How = "in one write" | "in separate reads";

/** A connection to the server that is attacked. */
export interface Attacker extends Disposable {
  send(bytes: Bytes): Promise<boolean>;
  /** Reads to the end; `refused` is called for each stream that the server has refused, which costs no budget. */
  read(refused: () => void): Promise<void>;
  close(): void;
}

/** Something that ends a stream as soon as it has begun. */
export interface Attack {
  readonly name: string;
  readonly done: string;
  open(port: number): Promise<Attacker>;
  /** The frames of so many streams, from the `from`th of the connection. */
  streams(from: number, count: number, method: Handlers): Bytes;
}

/** Streams that are opened and ended as fast as they can be; a connection that is cut is made anew. */
export async function attack(
  lab: Lab,
  what: Attack,
  method: Handlers,
  how: How,
  count: number,
): Promise<Line> {
  const { child, port } = await lab.server({ maxStreams: MAX_STREAMS });
  const neighbour = await lab.client();
  await neighbour.ask("ping", { port, streams: NEIGHBOURS });
  await wait(lab.size(1_000, 300));
  await neighbour.ask("trips");
  const before = await child.stats();
  let sent = 0;
  let dealtWith = 0;
  let uncut = 0;
  let connections = 0;
  const began = performance.now();
  const [atServer, atAttacker] = [scheduled(child.pid), scheduled(Deno.pid)];
  const growth = await growthDuring(child, async () => {
    while (sent < count && connections < count / 1000) {
      connections++;
      const went = await untilCut(port, what, method, how, count - sent);
      sent += went.streams;
      const taken = went.streams - went.refused;
      dealtWith += went.cut ? Math.min(taken, BUDGET) : taken;
      // Some of the budget comes back with time: a connection that is hardly over it may be spared.
      if (taken > BUDGET * 1.5 && !went.cut) uncut++;
      lab.progress(`${what.name}: ${sent} of ${count}`);
    }
  });
  const took = performance.now() - began;
  const [server, attacker] = [since(atServer, child.pid), since(atAttacker, Deno.pid)];
  const { tripsMs } = await neighbour.ask<{ tripsMs: number[] }>("trips");
  await child.ask("release");
  const { failed } = await neighbour.ask<{ failed: number }>("stop");
  const after = await child.stats();
  const p99 = percentile(tripsMs, 0.99);
  const worst = percentile(tripsMs, 1);
  const ownP99 = p99 / stretch(server);
  const streamUs = server.ranMs * 1000 / Math.max(1, dealtWith);
  const faults = await leftovers(child, { ...before, sockets: before.sockets - 1 });
  const reason = after.errors.last.find((text) => /too many|HTTP\/2/.test(text)) ?? "";
  if (growth.liveBytes > MAX_GROWTH_BYTES) faults.push(`it grew by ${mib(growth.liveBytes)}`);
  if (uncut > 0) faults.push(`${uncut} connections were not cut`);
  if (reason === "") faults.push("no connection ended with a reason");
  if (ownP99 > MAX_TRIP_MS) faults.push(`a neighbour's round trips took ${ms(ownP99)} (p99)`);
  if (streamUs > MAX_STREAM_US) faults.push(`a stream costs ${streamUs.toFixed(0)} µs`);
  if (failed > 0) faults.push(`${failed} of the neighbour's streams failed`);
  return {
    name: `${count} ${what.name}, handlers that ${
      method === "Heeds" ? "heed" : "ignore"
    } their signal, ${how}`,
    done:
      `${what.done}, again and again; a connection that is cut is made anew. A neighbour plays ping-pong meanwhile`,
    promise:
      `a connection ends with a reason after some ${BUDGET} of them, those not counted that are refused; less than ${
        mib(MAX_GROWTH_BYTES)
      } more; the neighbour's p99, without the time that other processes had, is below ${
        ms(MAX_TRIP_MS)
      }; less than ${MAX_STREAM_US} µs of the processor for each`,
    figure: `${connections} connections in ${seconds(took)}, ${after.counts.started ?? 0} handlers started; ${
      seconds(server.ranMs)
    } of the server's processor, ${streamUs.toFixed(0)} µs a stream, and ${
      seconds(attacker.ranMs)
    } of the attacker's; grew by ${mib(growth.liveBytes)} (RSS ${mib(growth.rssBytes)}); p99 ${ms(p99)}, ${
      ms(ownP99)
    } of it the server's, worst ${ms(worst)} of ${tripsMs.length}; "${
      reason.replace(/^.*desc = |^.*?\] /, "")
    }"`,
    faults,
  };
}

/** @returns How many streams left, some of which the server may have dropped, and whether it ended the connection. */
async function untilCut(
  port: number,
  what: Attack,
  method: Handlers,
  how: How,
  count: number,
): Promise<{ streams: number; refused: number; cut: boolean }> {
  using attacker = await what.open(port);
  let cut = false;
  let refused = 0;
  const reading = attacker.read(() => refused++).then(() => cut = true);
  const size = how === "in one write" ? count : PORTION;
  let sent = 0;
  for (let written = true; written && sent < count && !cut;) {
    const portion = Math.min(size, count - sent);
    written = await attacker.send(what.streams(sent, portion, method));
    sent += portion;
    if (size === PORTION) await new Promise((resolve) => setImmediate(resolve));
  }
  if (sent > BUDGET) await Promise.race([reading, wait(END_MS)]);
  const ended = cut;
  attacker.close();
  await reading;
  return { streams: sent, refused, cut: ended };
}
