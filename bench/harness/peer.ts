import type { Command, Reply } from "../peers/commands.ts";

/** How long a peer may take to start, and to answer beside what the command itself takes. */
const PATIENCE_MS = 20_000;
const STOP_MS = 2_000;

/** A process that takes commands. It ends with its stdin, so it does not outlive the runner, however that ends. */
export class Peer implements AsyncDisposable {
  readonly #name: string;
  readonly #process: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  readonly #stdout: ReadableStreamDefaultReader<string>;
  #rest = "";

  /** @param env Variables of its environment, beside the runner's. */
  constructor(
    name: string,
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ) {
    this.#name = name;
    // NO_COLOR and the like pass; what it prints on stderr is for the reader of the benchmark.
    this.#process = new Deno.Command(command, { args: [...args], env, stdin: "piped", stdout: "piped" })
      .spawn();
    this.#stdin = this.#process.stdin.getWriter();
    this.#stdout = this.#process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** The line it says when it is ready. */
  hello(): Promise<Reply> {
    return this.#next("its first line", PATIENCE_MS);
  }

  /** Gives it a command; one at a time. */
  async ask(command: Command): Promise<Reply> {
    await this.#stdin.write(new TextEncoder().encode(JSON.stringify(command) + "\n"));
    return await this.#next(command.do, PATIENCE_MS + ("ms" in command ? command.ms : 0));
  }

  async #next(what: string, ms: number): Promise<Reply> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#process.kill("SIGKILL");
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
        if (done) throw new Error(`${this.#name}: ${late ? `no answer in ${ms} ms` : "it died"}: ${what}`);
        this.#rest += value;
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), STOP_MS);
    await this.#stdin.close().catch(() => {
      // It has died: whoever waited for its answer knows.
    });
    await this.#stdout.cancel();
    await this.#process.status;
    clearTimeout(timer);
  }
}
