/** What the main thread of a process has had of the machine so far, in milliseconds. */
export interface Scheduled {
  readonly ranMs: number;
  /** How long it was ready to run, and another process did. */
  readonly waitedMs: number;
}

/** Linux alone tells; elsewhere there is nothing. */
export function scheduled(pid: number): Scheduled {
  if (Deno.build.os !== "linux") return { ranMs: 0, waitedMs: 0 };
  const [ran = 0, waited = 0] = Deno.readTextFileSync(`/proc/${pid}/schedstat`).split(" ").map(Number);
  return { ranMs: ran / 1e6, waitedMs: waited / 1e6 };
}

/** What it has had since. */
export function since(before: Scheduled, pid: number): Scheduled {
  const { ranMs, waitedMs } = scheduled(pid);
  return { ranMs: ranMs - before.ranMs, waitedMs: waitedMs - before.waitedMs };
}

/** How much longer everything took than on a machine without other work: 1 where it never had to wait. */
export function stretch({ ranMs, waitedMs }: Scheduled): number {
  return ranMs === 0 ? 1 : (ranMs + waitedMs) / ranMs;
}
