/** What a process holds, by its own count. To be imported before anything that sets a timer. */

type Timer = ReturnType<typeof setTimeout>;

const timers = new Set<unknown>();
const { setTimeout: set, clearTimeout: clear } = globalThis;

globalThis.setTimeout = Object.assign(
  (callback: () => void, ms?: number): Timer => {
    const timer = set(() => {
      timers.delete(timer);
      callback();
    }, ms);
    timers.add(timer);
    return timer;
  },
  set,
);
globalThis.clearTimeout = (timer) => {
  timers.delete(timer);
  clear(timer);
};

/** What has been printed as an error: of how many lines the last few. */
const KEPT_LINES = 20;
const errors: { count: number; last: string[] } = { count: 0, last: [] };
console.error = (...values: unknown[]) => {
  errors.count++;
  errors.last.push(values.map((value) => value instanceof Error ? value.message : String(value)).join(" "));
  if (errors.last.length > KEPT_LINES) errors.last.shift();
};

/** What a process tells of itself. */
export interface Stats {
  /** Bytes that are alive after a garbage collection, in the heap and outside of it. */
  readonly liveBytes: number;
  readonly rssBytes: number;
  readonly timers: number;
  readonly sockets: number;
  readonly errors: { readonly count: number; readonly last: readonly string[] };
  /** What the program counts itself: handlers, streams, messages. */
  readonly counts: Readonly<Record<string, number>>;
}

export async function stats(counts: Record<string, number>): Promise<Stats> {
  const collect: unknown = Reflect.get(globalThis, "gc");
  if (typeof collect !== "function") throw new Error("run with --v8-flags=--expose-gc");
  // Twice, with a turn between: what finalizers let go of is collected as well.
  collect();
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  const { heapUsed, external, rss } = Deno.memoryUsage();
  return {
    liveBytes: heapUsed + external,
    rssBytes: rss,
    timers: timers.size,
    sockets: sockets(),
    errors: { count: errors.count, last: [...errors.last] },
    counts: { ...counts },
  };
}

/** Of TCP, for Deno has some of other kinds for itself. Only Linux tells; elsewhere there seem to be none. */
function sockets(): number {
  if (Deno.build.os !== "linux") return 0;
  const tcp = new Set<string>();
  for (const line of Deno.readTextFileSync("/proc/self/net/tcp").split("\n")) {
    const inode = line.trim().split(/\s+/)[9];
    if (inode !== undefined) tcp.add(`socket:[${inode}]`);
  }
  let count = 0;
  for (const { name } of Deno.readDirSync("/proc/self/fd")) {
    try {
      if (tcp.has(Deno.readLinkSync(`/proc/self/fd/${name}`))) count++;
    } catch {
      // It was the descriptor of this very listing.
    }
  }
  return count;
}
