import { encodeFrames } from "../../support/wire_peer.ts";
import { FrameType } from "../../../src/ttheader/frame.ts";
import { type Growth, growthDuring, leftovers, MIB, mib, still } from "../harness/measure.ts";
import { header, Raw } from "../harness/raw.ts";
import type { Lab, Line, Row } from "../harness/row.ts";

const BUFFERED_BYTES = 4 * MIB;
const MAX_GROWTH_BYTES = BUFFERED_BYTES + 8 * MIB;
const CHUNK_BYTES = 64 * 1024;
/** Longer than the row: that a peer which takes nothing is cut is another row's matter. */
const OPTIONS = { maxBufferedBytes: BUFFERED_BYTES, frameTimeoutMs: 120_000 };

/** One end offers a gibibyte, the other takes nothing of it. */
export const slowReaders: Row = {
  name: "slow readers",
  async *run(lab) {
    const bytes = lab.size(1024, 128) * MIB;
    yield await rawClientReadsNothing(lab, bytes);
    yield await handlerReadsNothing(lab, bytes);
    yield* clientReadsNothing(lab, bytes);
  },
};

async function rawClientReadsNothing(lab: Lab, bytes: number): Promise<Line> {
  const { child, port } = await lab.server(OPTIONS);
  const before = await child.stats();
  using raw = await Raw.open(port);
  const growth = await growthDuring(child, async () => {
    await raw.send(encodeFrames(header(1, "Flood"), {
      type: FrameType.Data,
      payload: new TextEncoder().encode(String(bytes)),
    }));
    await still(async () => (await child.stats()).counts.messages ?? 0);
  });
  const written = ((await child.stats()).counts.messages ?? 0) * CHUNK_BYTES;
  raw.close();
  return line(
    `a client reads nothing of ${mib(bytes)}`,
    "the handler writes messages of 64 KiB, and awaits each",
    growth,
    `${mib(written)} written`,
    await leftovers(child, before),
  );
}

async function handlerReadsNothing(lab: Lab, bytes: number): Promise<Line> {
  const { child, port } = await lab.server(OPTIONS);
  const before = await child.stats();
  using raw = await Raw.open(port);
  let sent = 0;
  let sending = Promise.resolve();
  const growth = await growthDuring(child, async () => {
    await raw.send(encodeFrames(header(1, "Ignores")));
    const data = encodeFrames({ type: FrameType.Data, payload: new Uint8Array(CHUNK_BYTES) });
    sending = (async () => {
      for (; sent < bytes; sent += CHUNK_BYTES) if (!await raw.send(data)) return;
    })();
    await still(() => Promise.resolve(sent));
  });
  const taken = sent;
  raw.close();
  await sending;
  await child.ask("release");
  return line(
    `a handler reads nothing of ${mib(bytes)}`,
    "the client writes messages of 64 KiB",
    growth,
    `${mib(taken)} sent`,
    await leftovers(child, before),
  );
}

async function* clientReadsNothing(lab: Lab, bytes: number): AsyncGenerator<Line> {
  const { child, port } = await lab.server(OPTIONS);
  const client = await lab.client();
  const before = [await child.stats(), await client.stats()] as const;
  let atServer: Growth = { liveBytes: 0, rssBytes: 0 };
  const atClient = await growthDuring(client, async () => {
    atServer = await growthDuring(child, async () => {
      await client.ask("hold", { port, bytes });
      await still(async () => (await child.stats()).counts.messages ?? 0);
    });
  });
  const written = mib(((await child.stats()).counts.messages ?? 0) * CHUNK_BYTES);
  await client.ask("drop");
  const what = "both ends are the library's; the handler awaits each write";
  yield line(
    `a client of ours reads nothing of ${mib(bytes)}: the client`,
    what,
    atClient,
    `${written} written`,
    await leftovers(client, before[1]),
  );
  yield line(
    `a client of ours reads nothing of ${mib(bytes)}: the server`,
    what,
    atServer,
    `${written} written`,
    await leftovers(child, before[0]),
  );
}

function line(name: string, done: string, growth: Growth, figure: string, left: string[]): Line {
  const over = growth.liveBytes > MAX_GROWTH_BYTES;
  return {
    name,
    done,
    promise: `less than \`maxBufferedBytes\` and 8 MiB, ${
      mib(MAX_GROWTH_BYTES)
    }, more; nothing is left when the client has gone`,
    figure: `grew by ${mib(growth.liveBytes)} (RSS ${mib(growth.rssBytes)}); ${figure}`,
    faults: [...over ? [`it grew by ${mib(growth.liveBytes)}`] : [], ...left],
  };
}
