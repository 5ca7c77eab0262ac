const root = new URL("../../", import.meta.url);

/** How a command ended. */
export interface CommandEnd {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a command is started with. */
export interface CommandInput {
  /** What stands on its stdin. Default: nothing. */
  readonly stdin?: string | ReadableStream<string> | undefined;
  /** Where it runs. Default: the root of the repository. */
  readonly cwd?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** One of its outputs: what has come of it, and what is still to come. */
class Text {
  readonly #reader: ReadableStreamDefaultReader<string>;
  #text = "";

  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.#reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** All that has come, once `pattern` is in it. @throws If the output ends before. */
  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.#text)) {
      const { done, value } = await this.#reader.read();
      if (done) throw new Error(`the output ended without ${pattern}: ${this.#text}`);
      this.#text += value;
    }
    return this.#text;
  }

  async toEnd(): Promise<string> {
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done) return this.#text;
      this.#text += value;
    }
  }

  /** Reads no more: what is written then has nobody who reads it. */
  async close(): Promise<void> {
    await this.#reader.cancel();
  }
}

/** A command of the package in a process of its own, which may do what its `--help` says: use the network, and read. */
export class RunningCommand implements AsyncDisposable {
  readonly stdout: Text;
  readonly stderr: Text;
  readonly #child: Deno.ChildProcess;
  readonly #fed: Promise<void>;
  #ended = false;

  /** Starts `src/<name>/main.ts`. */
  constructor(name: "tap" | "call", args: readonly string[], input: CommandInput = {}) {
    const { stdin, cwd, env = {} } = input;
    const main = new URL(`src/${name}/main.ts`, root).href;
    const config = new URL("deno.json", root).pathname;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-check", "--no-prompt", "-NR", "--config", config, main, ...args],
      cwd: cwd ?? root,
      env,
      stdin: stdin === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.stdout = new Text(this.#child.stdout);
    this.stderr = new Text(this.#child.stderr);
    this.#fed = stdin === undefined ? Promise.resolve() : this.#feed(stdin);
  }

  /** Ctrl-C, or another signal. */
  interrupt(signal: "SIGINT" | "SIGTERM" = "SIGINT"): void {
    this.#child.kill(signal);
  }

  /** Waits for its end. */
  async end(): Promise<CommandEnd> {
    const [stdout, stderr, { code }] = await Promise.all([
      this.stdout.toEnd(),
      this.stderr.toEnd(),
      this.#child.status,
    ]);
    this.#ended = true;
    await this.#fed;
    return { code, stdout, stderr };
  }

  /** Its exit code, its outputs unread. */
  async code(): Promise<number> {
    const { code } = await this.#child.status;
    this.#ended = true;
    await this.#fed;
    return code;
  }

  /** Its exit code, as soon as it has ended, whatever stands on its stdin. */
  async exited(): Promise<number> {
    const { code } = await this.#child.status;
    this.#ended = true;
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) this.#child.kill("SIGKILL");
    await Promise.all([this.stdout.close(), this.stderr.close(), this.#child.status, this.#fed]);
  }

  async #feed(stdin: string | ReadableStream<string>): Promise<void> {
    const source = typeof stdin === "string" ? ReadableStream.from([stdin]) : stdin;
    try {
      await source.pipeThrough(new TextEncoderStream()).pipeTo(this.#child.stdin);
    } catch (error) {
      // It ended before it had read all of it.
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    }
  }
}

/** Runs a command to its end. */
export async function runCommand(
  name: "tap" | "call",
  args: readonly string[],
  input?: CommandInput,
): Promise<CommandEnd> {
  await using command = new RunningCommand(name, args, input);
  return await command.end();
}
