import type { Soaked } from "../programs/soak.ts";
import { leftovers, MIB, mib, seconds } from "../harness/measure.ts";
import type { Lab, Line, Row } from "../harness/row.ts";

const CONNECTIONS = 8;
const MAX_KEPT_BYTES = 5 * MIB;
/** A warm-up of this many: what is compiled and cached is there for good. */
const WARM_UP = 20_000;
/** So many at a time, so that the progress can be seen. */
const PORTION = 100_000;

/** Streams for minutes on end: nothing may be left of them. */
export const soak: Row = { name: "soak", run: (lab) => soakOf(lab, lab.size(1_000_000, 40_000)) };
export const grpcSoak: Row = {
  name: "gRPC soak",
  protocol: "grpc",
  run: (lab) => soakOf(lab, lab.size(300_000, 20_000)),
};

async function* soakOf(lab: Lab, streams: number): AsyncGenerator<Line> {
  const { child, port } = await lab.server();
  const client = await lab.client();
  const some = (count: number) =>
    client.ask<Soaked>("soak", { port, streams: count, connections: CONNECTIONS });
  await some(WARM_UP);
  const faults = [...await leftovers(child, { ...await child.stats(), timers: 0, sockets: 1 })];
  const before = [await child.stats(), await client.stats()] as const;
  const sum = { echoed: 0, cancelled: 0, lost: 0, cuts: 0, wrong: 0, reason: "" };
  const began = performance.now();
  for (let done = 0; done < streams; done += PORTION) {
    const part = await some(Math.min(PORTION, streams - done));
    sum.echoed += part.echoed;
    sum.cancelled += part.cancelled;
    sum.lost += part.lost;
    sum.cuts += part.cuts;
    sum.wrong += part.wrong;
    sum.reason ||= part.reason;
    lab.progress(`soak: ${done + PORTION} of ${streams}`);
  }
  const took = performance.now() - began;
  faults.push(...await leftovers(child, before[0]), ...await leftovers(client, before[1]));
  const keptAtServer = (await child.stats()).liveBytes - before[0].liveBytes;
  const keptAtClient = (await client.stats()).liveBytes - before[1].liveBytes;
  if (keptAtServer > MAX_KEPT_BYTES) faults.push(`the server keeps ${mib(keptAtServer)}`);
  if (keptAtClient > MAX_KEPT_BYTES) faults.push(`the client keeps ${mib(keptAtClient)}`);
  if (sum.wrong > 0) {
    faults.push(`${sum.wrong} streams ended otherwise than they should have: ${sum.reason}`);
  }
  yield {
    name: `a soak of ${streams} streams`,
    done:
      `over ${CONNECTIONS} connections, 32 at a time on each; 30 % are cancelled; in 5 % of the rounds of 500 the connection is cut and made anew`,
    promise: `no handler, stream, timer or socket is left at either end, less than ${
      mib(MAX_KEPT_BYTES)
    } more than after a warm-up`,
    figure: `${sum.echoed} echoed, ${sum.cancelled} cancelled, ${sum.lost} lost in ${sum.cuts} cuts, in ${
      seconds(took)
    }; kept ${mib(keptAtServer)} at the server, ${mib(keptAtClient)} at the client`,
    faults,
  };
}
