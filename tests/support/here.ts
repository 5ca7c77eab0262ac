import { Output } from "../../src/cli/output.ts";
import { type Program, WRONG_USAGE } from "../../src/cli/program.ts";
import { UsageError } from "../../src/cli/usage.ts";
import type { CommandEnd } from "./command.ts";

/** A command that runs in this process, and what it has printed so far. */
export class CommandHere {
  readonly ended: Promise<CommandEnd>;
  readonly #interrupts = new AbortController();
  readonly #stdout = new Printed();
  readonly #stderr = new Printed();

  constructor(
    command: (program: Program) => Promise<number>,
    args: readonly string[],
    stdin: string | ReadableStream<Uint8Array<ArrayBuffer>> = "",
  ) {
    this.ended = this.#run(command, {
      args,
      stdout: this.#stdout.output,
      stderr: this.#stderr.output,
      stdin: typeof stdin === "string" ? bytesOf(stdin) : stdin,
      stdinIsTerminal: false,
      interrupted: this.#interrupts.signal,
      readText: (path) => Deno.readTextFileSync(path),
    });
  }

  /** Ctrl-C. */
  interrupt(): void {
    this.#interrupts.abort(new DOMException("interrupted by Ctrl-C", "AbortError"));
  }

  /** Waits until stderr has a line like that. */
  async said(pattern: RegExp): Promise<string> {
    return await this.#stderr.until(pattern);
  }

  async #run(command: (program: Program) => Promise<number>, program: Program): Promise<CommandEnd> {
    let code: number;
    try {
      code = await command(program);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      program.stderr.line(error.message);
      code = WRONG_USAGE;
    }
    await Promise.all([program.stdout.written(), program.stderr.written()]);
    return { code, stdout: this.#stdout.text, stderr: this.#stderr.text };
  }
}

function bytesOf(text: string): ReadableStream<Uint8Array<ArrayBuffer>> {
  return ReadableStream.from(text === "" ? [] : [new TextEncoder().encode(text)]);
}

/** An output that keeps what is printed. */
class Printed {
  text = "";
  #waiting: (() => void)[] = [];
  readonly output: Output = new Output({ write: (bytes) => Promise.resolve(this.#take(bytes)) }, {
    coloured: false,
    columns: 100,
  });

  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.text)) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.text;
  }

  #take(bytes: Uint8Array): number {
    this.text += new TextDecoder().decode(bytes);
    for (const go of this.#waiting.splice(0)) go();
    return bytes.length;
  }
}
