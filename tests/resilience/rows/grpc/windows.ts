import { Flag, FrameType } from "../../../../src/http2/frame.ts";
import { windowUpdate } from "../../../http2/wire.ts";
import { dataFrame, forEachStream, Http2Raw, message, oddIds, request } from "../../harness/http2_raw.ts";
import { growthDuring, leftovers, MIB, mib, seconds, still, wait } from "../../harness/measure.ts";
import type { Lab, Line, Row } from "../../harness/row.ts";

const MAX_GROWTH_BYTES = 24 * MIB;
const CHUNK_BYTES = 64 * 1024;
const MAX_WINDOW = 0x7fff_ffff;
const STREAMS = 1_000;

/** Clients whose windows are nothing, one byte, or all there is, and who take nothing of it. */
export const grpcWindows: Row = {
  name: "gRPC windows",
  protocol: "grpc",
  async *run(lab) {
    const bytes = lab.size(1024, 128) * MIB;
    yield await flood(lab, bytes, "the largest window there is, and reads nothing", MAX_WINDOW);
    yield await flood(lab, bytes, "the window that HTTP/2 begins with, and reads nothing", 65_535);
    yield await zeroWindows(lab);
    yield await tinyWindows(lab);
    yield await ownClient(lab, bytes);
  },
};

async function flood(lab: Lab, bytes: number, what: string, window: number): Promise<Line> {
  const { child, port } = await lab.server({ frameTimeoutMs: 120_000 });
  const before = await child.stats();
  using raw = await Http2Raw.open(port, [[4, window]]);
  const growth = await growthDuring(child, async () => {
    if (window > 65_535) await raw.send(windowUpdate(0, MAX_WINDOW - 65_535));
    await raw.send(request(1, "Flood"), dataFrame(1, message(new TextEncoder().encode(String(bytes)))));
    await still(async () => (await child.stats()).counts.messages ?? 0);
  });
  const written = ((await child.stats()).counts.messages ?? 0) * CHUNK_BYTES;
  raw.close();
  return line(`a client has ${what} of ${mib(bytes)}`, growth.liveBytes, `${mib(written)} written`, [
    ...await leftovers(child, before),
  ]);
}

/** Answers that can never leave: handlers wait, and a neighbour on the same connection is served all the same. */
async function zeroWindows(lab: Lab): Promise<Line> {
  const { child, port } = await lab.server({ frameTimeoutMs: 120_000 });
  const before = await child.stats();
  using raw = await Http2Raw.open(port, [[4, 0]]);
  let answered = false;
  const growth = await growthDuring(child, async () => {
    const asked = dataFrame(1, message(new Uint8Array(1024)), Flag.END_STREAM);
    await raw.send(forEachStream(oddIds(0, STREAMS), request(1), asked));
    await raw.send(request(2 * STREAMS + 1, "Unknown", Flag.END_STREAM));
    const reading = raw.read(({ type, streamId }) => {
      return answered ||= type === FrameType.HEADERS && streamId === 2 * STREAMS + 1;
    });
    await Promise.race([reading, wait(5_000)]);
    await wait(lab.size(2_000, 500));
  });
  raw.close();
  return line(
    `${STREAMS} streams whose windows are 0 for ever`,
    growth.liveBytes,
    `a stream without messages was ${answered ? "" : "not "}answered beside them`,
    [...answered ? [] : ["a neighbour was not answered"], ...await leftovers(child, before)],
  );
}

/** A message of 64 KiB, a byte at a time. */
async function tinyWindows(lab: Lab): Promise<Line> {
  const { child, port } = await lab.server({ frameTimeoutMs: 120_000 });
  const before = await child.stats();
  const began = performance.now();
  using raw = await Http2Raw.open(port, [[4, 0]]);
  let updates = 0;
  const growth = await growthDuring(child, async () => {
    await raw.send(request(1, "Flood"), dataFrame(1, message(new TextEncoder().encode("65536"))));
    const reading = raw.read();
    const step = forEachStream(new Array(100).fill(1), windowUpdate(1, 1));
    while (updates < 100_000 && !raw.ended && await raw.send(step)) updates += 100;
    await Promise.race([reading, wait(2_000)]);
  });
  raw.close();
  const reason = raw.goneAway?.text ?? "";
  return line(
    "windows of one byte",
    growth.liveBytes,
    `${updates} WINDOW_UPDATEs in ${seconds(performance.now() - began)}; "${reason}"`,
    [...reason === "" ? ["the connection was not ended"] : [], ...await leftovers(child, before)],
  );
}

/** Both ends are the library's: the client reads nothing, and another stream of its connection goes on. */
async function ownClient(lab: Lab, bytes: number): Promise<Line> {
  const { child, port } = await lab.server({ frameTimeoutMs: 120_000 });
  const client = await lab.client();
  const before = [await child.stats(), await client.stats()] as const;
  let atServer = 0;
  const atClient = await growthDuring(client, async () => {
    const growth = await growthDuring(child, async () => {
      await client.ask("hold", { port, bytes });
      await still(async () => (await child.stats()).counts.messages ?? 0);
    });
    atServer = growth.liveBytes;
  });
  const written = ((await child.stats()).counts.messages ?? 0) * CHUNK_BYTES;
  await client.ask("drop");
  return line(
    `a client of ours reads nothing of ${mib(bytes)}`,
    Math.max(atServer, atClient.liveBytes),
    `${mib(written)} written; ${mib(atServer)} at the server, ${mib(atClient.liveBytes)} at the client`,
    [...await leftovers(child, before[0]), ...await leftovers(client, before[1])],
  );
}

function line(name: string, grownBytes: number, figure: string, left: string[]): Line {
  const over = grownBytes > MAX_GROWTH_BYTES;
  return {
    name,
    done: "the handler awaits each write",
    promise: `less than ${mib(MAX_GROWTH_BYTES)} more; nothing is left when the client has gone`,
    figure: `grew by ${mib(grownBytes)}; ${figure}`,
    faults: [...over ? [`it grew by ${mib(grownBytes)}`] : [], ...left],
  };
}
