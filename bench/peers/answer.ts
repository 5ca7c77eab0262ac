import type { Command, Reply } from "./commands.ts";

/** Says `hello`, answers commands until stdin ends, and then ends the process, whatever still runs in it. */
export async function answerCommands(
  hello: Reply,
  answer: (command: Command) => Reply | Promise<Reply>,
): Promise<never> {
  tell(hello);
  let rest = "";
  for await (const piece of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) run(JSON.parse(line), answer);
  }
  Deno.exit(0);
}

/** The end of stdin must be seen while a command runs, so nobody waits for it here. */
async function run(command: Command, answer: (command: Command) => Reply | Promise<Reply>): Promise<void> {
  try {
    tell(await answer(command));
  } catch (error) {
    console.error(`${command.do}:`, error);
    Deno.exit(1);
  }
}

function tell(reply: Reply): void {
  const line = new TextEncoder().encode(JSON.stringify(reply) + "\n");
  for (let sent = 0; sent < line.length;) sent += Deno.stdout.writeSync(line.subarray(sent));
}

/** A clock that all processes of the machine share, in milliseconds since 1970. */
export function wallMs(): number {
  return performance.timeOrigin + performance.now();
}

/** A time that is over some day. To ask the clock for every message would take a tenth of what is to be measured. */
export class Span {
  over = false;

  constructor(ms: number) {
    setTimeout(() => this.over = true, ms);
  }
}

/** Runs `work` on so many streams at the same time and adds up: messages, and what each round trip took. */
export async function each(
  streams: number,
  work: (stream: number, tookMs: number[]) => Promise<number>,
): Promise<Reply> {
  const tookMs: number[] = [];
  const started = performance.now();
  const counts = await Promise.all(Array.from({ length: streams }, (_, stream) => work(stream, tookMs)));
  const seconds = (performance.now() - started) / 1000;
  const count = counts.reduce((sum, one) => sum + one, 0);
  if (tookMs.length === 0) return { count, seconds };
  const sorted = Float64Array.from(tookMs).sort();
  return { count, seconds, p50Ms: quantile(sorted, 0.5), p99Ms: quantile(sorted, 0.99) };
}

/** The value below which the share `q` of the sorted values lies. */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? NaN;
}

/** Bytes in use on the heap and in buffers beside it, garbage collected; needs `--v8-flags=--expose-gc`. */
export async function memory(): Promise<Reply> {
  const collect: unknown = Reflect.get(globalThis, "gc");
  if (typeof collect !== "function") throw new Error("gc is not exposed");
  for (let round = 0; round < 3; round++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 5)); // finalizers run in between
  }
  const { heapUsed, external, rss } = Deno.memoryUsage();
  return { heap: heapUsed + external, rss };
}
