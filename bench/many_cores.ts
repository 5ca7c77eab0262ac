/**
 * How throughput grows with the cores that serve, as examples/many_cores.ts does it: processes that share a port.
 *
 *     deno run -A bench/many_cores.ts [--quick] [--help]
 *
 * As many clients as there are cores send a message there and back on each of 64 streams, over 16 connections each.
 * Prints a table; without --quick it also writes many_cores.svg.
 */
import { readFlags } from "../tools/flags.ts";
import { median } from "./harness/case.ts";
import { Peer } from "./harness/peer.ts";

const HELP = `usage: deno run -A bench/many_cores.ts [--quick] [--help]
  --quick  one short round, nothing written`;

const COMMAND = { do: "pingPong", size: 1024, streams: 64, connections: 16 } as const;
const CORES = navigator.hardwareConcurrency;

/** What a number of servers has reached. */
interface Point {
  readonly servers: number;
  readonly perSecond: number;
  /** Of the machine, while it did. */
  readonly busyPercent: number;
}

if (import.meta.main) await main();

async function main(): Promise<void> {
  const { quick = false } = readFlags(HELP, { quick: { type: "boolean" } });
  const rounds = quick ? 1 : 5;
  const ms = quick ? 200 : 1_000;
  const points: Point[] = [];
  for (let servers = 1; servers <= CORES; servers++) points.push(await measure(servers, rounds, ms));
  for (const { servers, perSecond, busyPercent } of points) {
    const times = (perSecond / (points[0]?.perSecond ?? NaN)).toFixed(2);
    console.log(
      `${servers} of ${CORES} cores: ${rounded(perSecond)} round trips/s, ${times} times one, ` +
        `the machine ${busyPercent.toFixed(0)} % busy`,
    );
  }
  if (!quick) await Deno.writeTextFile(new URL("many_cores.svg", import.meta.url), chart(points));
}

async function measure(servers: number, rounds: number, ms: number): Promise<Point> {
  await using peers = new AsyncDisposableStack();
  let port = 0;
  for (let i = 0; i < servers; i++) {
    ({ port = 0 } = await start(peers, "server.ts", "none", String(port)).hello());
  }
  const clients = Array.from({ length: CORES }, () => start(peers, "client.ts", String(port)));
  for (const client of clients) await client.hello();

  const run = async (forMs: number) => {
    const replies = await Promise.all(clients.map((client) => client.ask({ ...COMMAND, ms: forMs })));
    return replies.reduce((sum, { count = 0, seconds = 1 }) => sum + count / seconds, 0);
  };
  await run(2 * ms); // V8 compiles
  const rates: number[] = [];
  const before = await cpuTicks();
  for (let round = 0; round < rounds; round++) rates.push(await run(ms));
  const after = await cpuTicks();
  const busyPercent = 100 * (after.busy - before.busy) / (after.all - before.all);
  return { servers, perSecond: median(rates), busyPercent };
}

function start(peers: AsyncDisposableStack, script: string, ...more: readonly string[]): Peer {
  const path = new URL(`peers/deno/${script}`, import.meta.url).pathname;
  const args = ["run", "-A", "--quiet", "--unstable-net", path, "raw", "ttheader", ...more];
  return peers.use(new Peer(script, Deno.execPath(), args));
}

/** The machine's time so far, from Linux's /proc; elsewhere nothing is known. */
async function cpuTicks(): Promise<{ busy: number; all: number }> {
  try {
    const [line = ""] = (await Deno.readTextFile("/proc/stat")).split("\n");
    const ticks = line.split(/\s+/).slice(1, 9).map(Number);
    const all = ticks.reduce((sum, one) => sum + one, 0);
    const [, , , idle = 0, ioWait = 0] = ticks;
    return { busy: all - idle - ioWait, all };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { busy: NaN, all: NaN };
    throw error;
  }
}

function rounded(perSecond: number): string {
  return Math.round(perSecond).toLocaleString("en");
}

/** A bar for each number of servers, and how high it would be if each brought as much as the first. */
function chart(points: readonly Point[]): string {
  const [width, height, left, base, room] = [560, 300, 40, 240, 170];
  const first = points[0]?.perSecond ?? 0;
  const most = Math.max(...points.map(({ perSecond, servers }) => Math.max(perSecond, first * servers)));
  const step = (width - 2 * left) / points.length;
  const bars = points.map(({ servers, perSecond, busyPercent }, index) => {
    const x = left + index * step;
    const middle = x + step * 0.4;
    const [bar, ideal] = [perSecond / most * room, first * servers / most * room];
    return [
      `<rect x="${x}" y="${(base - bar).toFixed(1)}" width="${step * 0.8}" height="${
        bar.toFixed(1)
      }" rx="2"/>`,
      `<line x1="${x}" x2="${x + step * 0.8}" y1="${(base - ideal).toFixed(1)}" y2="${
        (base - ideal).toFixed(1)
      }"/>`,
      `<text x="${middle}" y="${(base - bar - 6).toFixed(1)}">${rounded(perSecond)}</text>`,
      `<text x="${middle}" y="${base + 18}">${servers} ${
        servers === 1 ? "core serves" : "cores serve"
      }</text>`,
      `<text x="${middle}" y="${base + 34}">machine ${busyPercent.toFixed(0)} % busy</text>`,
    ].join("");
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>How throughput grows with the cores that serve</title>
<style>
  text { font: 12px system-ui, sans-serif; fill: #24292f; text-anchor: middle; } rect { fill: #2f6feb; }
  line { stroke: #bf8700; stroke-width: 2; }
  @media (prefers-color-scheme: dark) { text { fill: #e6edf3; } }
</style>
<text x="${
    width / 2
  }" y="20">Round trips/s of 1 KiB by serving processes, ${CORES} clients on the same ${CORES} cores</text>
<text x="${width / 2}" y="38">line: if each process brought as much as the first</text>
${bars.join("\n")}
</svg>
`;
}
