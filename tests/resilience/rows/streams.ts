import { growthDuring, leftovers, MIB, mib, percentile, seconds } from "../harness/measure.ts";
import { forEachId, header, range, Raw } from "../harness/raw.ts";
import { collisions } from "../harness/ids.ts";
import type { Lab, Line, Row } from "../harness/row.ts";
import { FrameType } from "../../../src/ttheader/frame.ts";

const KEPT_BYTES = 5 * MIB;

/** Many streams of one connection. */
export const manyStreams: Row = {
  name: "streams",
  async *run(lab) {
    const streams = lab.size(50_000, 5_000);
    yield await waves(lab, streams, 1_000, 1_024);
    yield await waves(lab, streams, streams, streams);
  },
};

async function waves(lab: Lab, streams: number, atOnce: number, maxStreams: number): Promise<Line> {
  const { child, port } = await lab.server({ maxStreams });
  const client = await lab.client();
  await client.ask("echo", { port, streams: 2_000, atOnce: 500 });
  const before = [await child.stats(), await client.stats()] as const;
  let echoed = 0;
  const began = performance.now();
  const growth = await growthDuring(child, async () => {
    ({ echoed } = await client.ask<{ echoed: number }>("echo", { port, streams, atOnce }));
  });
  const took = performance.now() - began;
  const faults = [...await leftovers(child, before[0]), ...await leftovers(client, before[1])];
  const kept = (await child.stats()).liveBytes - before[0].liveBytes;
  if (echoed !== streams) faults.push(`${echoed} of them were echoed`);
  if (kept > KEPT_BYTES) faults.push(`${mib(kept)} are kept`);
  return {
    name: `${streams} streams on one connection, ${atOnce} at a time`,
    done: `a message is echoed on each of ${streams} streams, \`maxStreams\` ${maxStreams}`,
    promise: `all are served, nothing is left at either end, less than ${mib(KEPT_BYTES)} are kept`,
    figure: `${echoed} echoed in ${seconds(took)}; ${mib(growth.liveBytes)} at the most, ${mib(kept)} kept`,
    faults,
  };
}

/** Stream ids that meet in the same slots of a table keyed by their low bits, or by a well-known hash. */
export const collidingIds: Row = {
  name: "colliding ids",
  async *run(lab) {
    // Of few streams the times are short, and differ by themselves.
    const limit = lab.size(2, 3);
    const count = lab.size(16_384, 2_048);
    const { port, child } = await lab.server({ maxStreams: count + 1 });
    const sequential = range(1, count);
    const time = async (ids: readonly number[]) => {
      const times: number[] = [];
      for (const _ of range(0, 2)) times.push(await openAndEnd(port, ids));
      return percentile(times, 0);
    };
    await time(sequential);
    const usual = await time(sequential);
    for (const [name, ids] of Object.entries(collisions(count))) {
      lab.progress(`colliding ids: ${name}`);
      const before = await child.stats();
      const took = await time(ids);
      const ratio = took / usual;
      yield {
        name: `stream ids: ${name}`,
        done: `${count} streams are open at once, get a message each, and end`,
        promise: `less than ${limit} times as long as with the ids 1, 2, 3 …`,
        figure: `${ratio.toFixed(1)} times: ${seconds(took)}, ${seconds(usual)} with 1, 2, 3 …`,
        faults: [...ratio < limit ? [] : ["it takes too long"], ...await leftovers(child, before)],
      };
    }
  },
};

/** @returns Milliseconds from the first byte to the last Trailer. */
async function openAndEnd(port: number, ids: readonly number[]): Promise<number> {
  using raw = await Raw.open(port);
  const opening = forEachId(ids, header(1));
  const messages = forEachId(ids, { type: FrameType.Data, payload: new Uint8Array(8) });
  const ending = forEachId(ids, { type: FrameType.Trailer });
  let ended = 0;
  const began = performance.now();
  const reading = raw.read(({ type }) => type === FrameType.Trailer && ++ended === ids.length);
  for (const bytes of [opening, messages, ending]) await raw.send(bytes);
  await reading;
  if (ended !== ids.length) throw new Error(`${ended} of ${ids.length} streams ended`);
  return performance.now() - began;
}
