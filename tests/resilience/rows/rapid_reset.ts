import { growthDuring, leftovers, MIB, mib, ms, percentile, seconds, wait } from "../harness/measure.ts";
import { forEachId, header, range, Raw } from "../harness/raw.ts";
import type { Lab, Line, Row } from "../harness/row.ts";
import { FrameType } from "../../../src/ttheader/frame.ts";
import { exceptionPayload } from "../../support/wire_peer.ts";

const MAX_GROWTH_BYTES = 16 * MIB;
const MAX_TRIP_MS = 250;
/** Streams of the neighbour: enough for a 99th percentile. */
const NEIGHBOURS = 10;
const MAX_STREAMS = 1024;
/** So many resets, in streams that may run at a time, end their connection. */
const BUDGET = 10 * MAX_STREAMS;
/** How long, in milliseconds, the end of a connection may take to come. */
const END_MS = 5_000;

/** Streams that are opened and reset as fast as they can be: CVE-2023-44487, in this protocol. */
export const rapidReset: Row = {
  name: "rapid resets",
  async *run(lab) {
    for (const method of ["Heeds", "Ignores"] as const) {
      for (const cut of ["in one write", "in separate reads"] as const) yield await attack(lab, method, cut);
    }
  },
};

async function attack(
  lab: Lab,
  method: "Heeds" | "Ignores",
  how: "in one write" | "in separate reads",
): Promise<Line> {
  const pairs = lab.size(300_000, 60_000);
  const { child, port } = await lab.server({ maxStreams: MAX_STREAMS });
  const neighbour = await lab.client();
  await neighbour.ask("ping", { port, streams: NEIGHBOURS });
  await wait(lab.size(1_000, 300));
  await neighbour.ask("trips");
  const before = await child.stats();
  let sent = 0;
  let uncut = 0;
  let connections = 0;
  const began = performance.now();
  const growth = await growthDuring(child, async () => {
    while (sent < pairs && connections < pairs / 1000) {
      connections++;
      const went = await untilCut(port, method, how, pairs - sent);
      sent += went.pairs;
      // Some of the budget comes back with time: a connection that is hardly over it may be spared.
      if (went.pairs > BUDGET * 1.5 && !went.cut) uncut++;
      lab.progress(`rapid resets: ${sent} of ${pairs}`);
    }
  });
  const took = performance.now() - began;
  const { tripsMs } = await neighbour.ask<{ tripsMs: number[] }>("trips");
  await child.ask("release");
  const { failed } = await neighbour.ask<{ failed: number }>("stop");
  const after = await child.stats();
  const p99 = percentile(tripsMs, 0.99);
  const worst = percentile(tripsMs, 1);
  const faults = await leftovers(child, { ...before, sockets: before.sockets - 1 });
  const reason = after.errors.last.find((line) => /reset|cancel/i.test(line)) ?? "";
  if (growth.liveBytes > MAX_GROWTH_BYTES) faults.push(`it grew by ${mib(growth.liveBytes)}`);
  if (uncut > 0) faults.push(`${uncut} connections were not cut`);
  if (reason === "") faults.push("no connection ended with a reason");
  if (p99 > MAX_TRIP_MS) faults.push(`a neighbour's round trips took ${ms(p99)} (p99)`);
  if (failed > 0) faults.push(`${failed} of the neighbour's streams failed`);
  return {
    name: `${pairs} rapid resets, handlers that ${
      method === "Heeds" ? "heed" : "ignore"
    } their signal, ${how}`,
    done:
      "Header and Rst, again and again; a connection that is cut is made anew. A neighbour plays ping-pong meanwhile",
    promise: `a connection ends with a reason after ${BUDGET} resets; less than ${
      mib(MAX_GROWTH_BYTES)
    } more; the neighbour's p99 is below ${ms(MAX_TRIP_MS)}`,
    figure: `${connections} connections in ${seconds(took)}, ${
      after.counts.started ?? 0
    } handlers started; grew by ${mib(growth.liveBytes)} (RSS ${mib(growth.rssBytes)}); p99 ${
      ms(p99)
    }, worst ${ms(worst)} of ${tripsMs.length}; "${reason.replace(/.*?: /, "")}"`,
    faults,
  };
}

/** In separate reads: so many pairs at a time, and a turn of the event loop between. */
const PORTION = 200;

/** @returns How many pairs left, some of which the server may have dropped, and whether it ended the connection. */
async function untilCut(
  port: number,
  method: string,
  how: string,
  pairs: number,
): Promise<{ pairs: number; cut: boolean }> {
  using raw = await Raw.open(port);
  let cut = false;
  const reading = raw.read().then(() => cut = true);
  const size = how === "in one write" ? pairs : PORTION;
  let sent = 0;
  for (let written = true; written && sent < pairs && !cut;) {
    const ids = range(sent + 1, Math.min(size, pairs - sent));
    written = await raw.send(forEachId(ids, header(1, method), {
      type: FrameType.Rst,
      method,
      payload: exceptionPayload({ type: 12007, message: "enough" }),
    }));
    sent += ids.length;
    if (size === PORTION) await new Promise((resolve) => setImmediate(resolve));
  }
  if (sent > BUDGET) await Promise.race([reading, wait(END_MS)]);
  const ended = cut;
  raw.close();
  await reading;
  return { pairs: sent, cut: ended };
}
