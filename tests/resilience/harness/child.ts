import type { Stats } from "../programs/counters.ts";

const START_MS = 20_000;
const ANSWER_MS = 120_000;
const STOP_MS = 2_000;

/** A program under test, in a process of its own. It ends with its stdin, so it does not outlive the runner. */
export class Child implements AsyncDisposable {
  readonly pid: number;
  readonly #name: string;
  readonly #process: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  readonly #stdout: ReadableStreamDefaultReader<string>;
  #rest = "";
  #asked: Promise<unknown> = Promise.resolve();
  #gone = false;

  private constructor(name: string, process: Deno.ChildProcess) {
    this.#name = name;
    this.#process = process;
    this.pid = process.pid;
    process.status.then(() => this.#gone = true);
    this.#stdin = process.stdin.getWriter();
    this.#stdout = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Starts one of `programs/`, with as many open files as the system lets it have. */
  static start(name: "server" | "client", settings: unknown): Child {
    const script = new URL(`../programs/${name}.ts`, import.meta.url).pathname;
    const process = new Deno.Command("sh", {
      args: [
        "-c",
        'ulimit -n "$(ulimit -H -n)"; exec "$@"',
        "sh",
        Deno.execPath(),
        "run",
        "-A",
        "--no-check",
        "--v8-flags=--expose-gc",
        script,
        JSON.stringify(settings),
      ],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    return new Child(name, process);
  }

  /** The line it says when it is ready. */
  hello<T>(): Promise<T> {
    return this.#next("its first line", START_MS);
  }

  /** Asks for something; the questions are answered in their order. */
  ask<T>(command: string, options: Readonly<Record<string, unknown>> = {}): Promise<T> {
    const answer = this.#asked.then(async (): Promise<T> => {
      await this.#stdin.write(new TextEncoder().encode(`${JSON.stringify({ do: command, ...options })}\n`));
      return await this.#next(command, ANSWER_MS);
    });
    this.#asked = answer.catch(() => {
      // Whoever asked knows.
    });
    return answer;
  }

  stats(): Promise<Stats> {
    return this.ask("stats");
  }

  /** Its exit code, once it has ended. */
  get ended(): Promise<number> {
    return this.#process.status.then(({ code }) => code);
  }

  signal(signal: "SIGSTOP" | "SIGCONT" | "SIGTERM" | "SIGKILL"): void {
    if (!this.#gone) this.#process.kill(signal);
  }

  async #next<T>(what: string, ms: number): Promise<T> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.signal("SIGKILL");
    }, ms);
    try {
      for (;;) {
        const end = this.#rest.indexOf("\n");
        if (end >= 0) {
          const line = this.#rest.slice(0, end);
          this.#rest = this.#rest.slice(end + 1);
          return JSON.parse(line);
        }
        const { done, value } = await this.#stdout.read();
        if (done) {
          throw new Error(`the ${this.#name} ${late ? `gave no answer in ${ms} ms` : "died"}: ${what}`);
        }
        this.#rest += value;
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const timer = setTimeout(() => this.signal("SIGKILL"), STOP_MS);
    await this.#stdin.close().catch(() => {
      // It has died already.
    });
    await this.#stdout.cancel();
    await this.#process.status;
    clearTimeout(timer);
  }
}
