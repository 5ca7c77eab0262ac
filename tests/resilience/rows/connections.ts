import { growthDuring, leftovers, mib, ms, percentile, seconds, wait } from "../harness/measure.ts";
import { forEachId, header, Raw, sendAndReset } from "../harness/raw.ts";
import type { Line, Row } from "../harness/row.ts";
import { encodeFrames } from "../../support/wire_peer.ts";
import { FrameType } from "../../../src/ttheader/frame.ts";

/** So many are connecting at a time: a listener's queue is finite. */
const AT_ONCE = 64;
/** Each address has some 28,000 ports. */
const PER_ADDRESS = 20_000;
const MAX_CONNECTION_KIB = 64;

async function openAll(port: number, count: number, progress: (done: number) => void): Promise<Raw[]> {
  const raws: Raw[] = [];
  let next = 0;
  const work = async () => {
    while (next < count) {
      const at = next++;
      raws.push(await Raw.open(port, `127.0.0.${1 + Math.floor(at / PER_ADDRESS)}`));
      if (raws.length % 500 === 0) progress(raws.length);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return raws;
}

export const manyConnections: Row = {
  name: "connections",
  async *run(lab) {
    const count = lab.size(10_000, 1_000);
    const { child, port } = await lab.server();
    const before = await child.stats();
    let raws: Raw[] = [];
    let echoed = 0;
    const began = performance.now();
    const growth = await growthDuring(child, async () => {
      raws = await openAll(port, count, (done) => lab.progress(`connections: ${done} of ${count}`));
      const hello = encodeFrames(header(1), { type: FrameType.Data, payload: new Uint8Array(16) });
      await Promise.all(raws.map(async (raw) => {
        await raw.send(hello);
        await raw.read(({ type }) => type === FrameType.Data && (echoed++, true));
      }));
    });
    const took = performance.now() - began;
    for (const raw of raws) raw.close();
    const faults = await leftovers(child, before, 20_000);
    if (echoed !== count) faults.push(`${echoed} of them were echoed`);
    const perConnection = growth.liveBytes / count / 1024;
    if (perConnection > MAX_CONNECTION_KIB) faults.push("they take too much memory");
    yield {
      name: `${count} connections`,
      done: "each has a stream open and a message echoed; then all hang up",
      promise: `all are served, less than ${MAX_CONNECTION_KIB} KiB each, nothing is left`,
      figure: `${perConnection.toFixed(1)} KiB each (RSS ${
        (growth.rssBytes / count / 1024).toFixed(1)
      } KiB), ${mib(growth.liveBytes)}; in ${seconds(took)}`,
      faults,
    };
  },
};

const FRAME_TIMEOUT_MS = 1_000;
const LATE_MS = 2_000;

export const halfFrames: Row = {
  name: "half frames",
  async *run(lab) {
    const count = lab.size(1_000, 200);
    const { child, port } = await lab.server({ frameTimeoutMs: FRAME_TIMEOUT_MS });
    const before = await child.stats();
    const raws = await openAll(port, count, () => {});
    const whole = forEachId([1], header(1));
    const times = await Promise.all(raws.map(async (raw, i) => {
      await raw.send(whole.subarray(0, 1 + i % (whole.length - 1)));
      const began = performance.now();
      await Promise.race([raw.read(), wait(FRAME_TIMEOUT_MS + LATE_MS + 1_000)]);
      return performance.now() - began;
    }));
    for (const raw of raws) raw.close();
    const faults = await leftovers(child, before);
    const [first, last] = [percentile(times, 0), percentile(times, 1)];
    if (last > FRAME_TIMEOUT_MS + LATE_MS) faults.push(`the last one was cut after ${ms(last)}`);
    if (first < FRAME_TIMEOUT_MS * 0.9) faults.push(`one was cut after ${ms(first)}`);
    const line: Line = {
      name: `${count} half frames`,
      done:
        `${count} connections send the beginning of a frame, of every length, \`frameTimeoutMs\` ${FRAME_TIMEOUT_MS}`,
      promise: "all are cut after `frameTimeoutMs`, none before it",
      figure: `cut after ${ms(first)} to ${ms(last)}`,
      faults,
    };
    yield line;
  },
};

const MAX_CONNECT_MS = 500;

/** Clients that have gone before the server gets round to accepting them. */
export const resetConnections: Row = {
  name: "reset connections",
  async *run(lab) {
    const count = lab.size(2_000, 1_000);
    const { child, port } = await lab.server();
    const before = await child.stats();
    const hello = encodeFrames(header(1), { type: FrameType.Data, payload: new Uint8Array(16) });
    let left = count;
    const attack = async () => {
      for (; left > 0; left--) await sendAndReset(port, hello);
    };
    const times: number[] = [];
    const neighbour = async () => {
      do {
        const began = performance.now();
        using raw = await Raw.open(port);
        await raw.send(hello);
        await Promise.race([raw.read(({ type }) => type === FrameType.Data), wait(MAX_CONNECT_MS * 4)]);
        times.push(performance.now() - began);
        await wait(5);
      } while (left > 0);
    };
    await Promise.all([neighbour(), ...Array.from({ length: AT_ONCE }, attack)]);
    const { errors } = await child.stats();
    const faults = await leftovers(child, before);
    const worst = percentile(times, 1);
    if (worst > MAX_CONNECT_MS) {
      faults.push(`a new connection was served after ${ms(worst)}; "${errors.last[0] ?? ""}"`);
    }
    yield {
      name: `${count} connections that are reset at once`,
      done:
        "clients connect, send a message and reset, most of them before they are accepted; a neighbour connects meanwhile",
      promise: `a new connection is served within ${ms(MAX_CONNECT_MS)}; nothing is left`,
      figure: `median ${ms(percentile(times, 0.5))}, worst ${
        ms(worst)
      } of ${times.length}; ${errors.count} errors were printed`,
      faults,
    };
  },
};
