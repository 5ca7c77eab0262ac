import type { Stats } from "../programs/counters.ts";
import type { Child } from "./child.ts";

export const MIB: number = 1024 * 1024;

export function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}

export function ms(value: number): string {
  return value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`;
}

export function seconds(value: number): string {
  return `${(value / 1000).toFixed(1)} s`;
}

export function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** When nothing has moved for so long, in milliseconds, nothing will. */
const STILL_MS = 1_000;

/** Resolves when it has moved, and no longer does. */
export async function still(progress: () => Promise<number>): Promise<void> {
  for (let last = 0, since = performance.now(); last === 0 || performance.now() - since < STILL_MS;) {
    await wait(100);
    const now = await progress();
    if (now !== last) since = performance.now();
    last = now;
  }
}

/** What a program held at the most while something went on, beyond what it held before. */
export interface Growth {
  /** Alive after a garbage collection. */
  readonly liveBytes: number;
  /** Of the whole process, by the kernel's high-water mark. */
  readonly rssBytes: number;
}

/** How often a program is asked for its memory while it is under attack. */
const SAMPLE_MS = 400;

/** Does `work`, and measures a program's memory meanwhile and once more at its end. */
export async function growthDuring(child: Child, work: () => Promise<void>): Promise<Growth> {
  const before = await child.stats();
  resetPeak(child.pid);
  let live = before.liveBytes;
  let over = false;
  const sampling = (async () => {
    for (let last = false; !last;) {
      await wait(SAMPLE_MS);
      last = over;
      live = Math.max(live, (await child.stats()).liveBytes);
    }
  })();
  try {
    await work();
  } finally {
    over = true;
    await sampling;
  }
  return { liveBytes: live - before.liveBytes, rssBytes: Math.max(0, peakOf(child.pid) - before.rssBytes) };
}

/** Linux alone keeps a high-water mark that can be reset; elsewhere it is 0. */
function resetPeak(pid: number): void {
  if (Deno.build.os === "linux") Deno.writeTextFileSync(`/proc/${pid}/clear_refs`, "5");
}

function peakOf(pid: number): number {
  if (Deno.build.os !== "linux") return 0;
  const kib = /VmHWM:\s+(\d+) kB/.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1];
  return Number(kib ?? 0) * 1024;
}

/** The value below which this part of the sorted values lies. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

/** What is still there that was not there before; ends do not come all at once, so it asks again for a while. */
export async function leftovers(child: Child, before: Stats, patienceMs = 5_000): Promise<string[]> {
  const end = performance.now() + patienceMs;
  for (;;) {
    const now = await child.stats();
    const counts: Record<string, number> = {
      handlers: now.counts.handlers ?? 0,
      streams: now.counts.streams ?? 0,
      timers: now.timers - before.timers,
      sockets: now.sockets - before.sockets,
    };
    const left = Object.entries(counts).filter(([, count]) => count > 0)
      .map(([name, count]) => `${count} ${name} are left`);
    if (left.length === 0 || performance.now() > end) return left;
    await wait(50);
  }
}
