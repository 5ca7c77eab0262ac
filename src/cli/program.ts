import { reasonText } from "../base/reason.ts";
import { Output } from "./output.ts";
import { UsageError } from "./usage.ts";

/** All that a command has of the world. */
export interface Program {
  /** What it was given, without its own name. */
  readonly args: readonly string[];
  readonly stdout: Output;
  readonly stderr: Output;
  /** What stands on stdin. */
  readonly stdin: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Whether somebody types on stdin. */
  readonly stdinIsTerminal: boolean;
  /** Aborts at the first Ctrl-C, or SIGTERM. A second one ends the process at once, with exit code 130, or 143. */
  readonly interrupted: AbortSignal;
  /** The text of a file, or `undefined` where there is none. */
  readText(path: string): string | undefined;
}

/** What a command returns where Ctrl-C has ended it. Where it was SIGTERM the shell sees 143. */
export const INTERRUPTED = 130;
const TERMINATED = 143;
/** What the shell sees where an output cannot be written. */
const CANNOT_WRITE = 1;
/** What the shell sees of wrong arguments. */
export const WRONG_USAGE = 2;

/** Who runs a command may send its Ctrl-C to the process and to its group, as `timeout` does: that is one. */
const SAME_INTERRUPT_MS = 200;

/** How wide lines may be where there is no terminal. */
const DEFAULT_COLUMNS = 100;

/**
 * Runs a command in this process, and sets its exit code.
 *
 * @param name How the command is called, before what is wrong.
 * @param command Its work: resolves to the exit code.
 */
export async function runProgram(
  name: string,
  command: (program: Program) => Promise<number>,
): Promise<void> {
  const interrupts = new AbortController();
  let interruptedAt = -Infinity;
  let interruptedCode = INTERRUPTED;
  const interrupt = (code: number, by: string) => {
    if (performance.now() - interruptedAt < SAME_INTERRUPT_MS) return;
    if (interrupts.signal.aborted) Deno.exit(code);
    interruptedAt = performance.now();
    interruptedCode = code;
    interrupts.abort(new DOMException(`interrupted by ${by}`, "AbortError"));
  };
  const interruptKey = () => interrupt(INTERRUPTED, "Ctrl-C");
  // What ends a command for good, `timeout` or a service manager, lets it cancel its streams as well.
  const terminate = () => interrupt(TERMINATED, "SIGTERM");
  const stdout = output(Deno.stdout);
  const stderr = output(Deno.stderr);
  Deno.addSignalListener("SIGINT", interruptKey);
  // Windows has none.
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", terminate);
  try {
    const code = await command({
      args: Deno.args,
      stdout,
      stderr,
      stdin: Deno.stdin.readable,
      stdinIsTerminal: Deno.stdin.isTerminal(),
      interrupted: interrupts.signal,
      readText,
    });
    Deno.exitCode = code === INTERRUPTED ? interruptedCode : code;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    stderr.line(`${name}: ${error.message}\nTry --help.`);
    Deno.exitCode = WRONG_USAGE;
  } finally {
    // What is wrong with stdout is a line of stderr's.
    for (const output of [stdout, stderr]) {
      try {
        await output.written();
      } catch (error) {
        stderr.line(`${name}: cannot write its output: ${reasonText(error)}`);
        Deno.exitCode = CANNOT_WRITE;
      }
    }
    Deno.removeSignalListener("SIGINT", interruptKey);
    if (Deno.build.os !== "windows") Deno.removeSignalListener("SIGTERM", terminate);
  }
  // Somebody may be about to type on stdin still: that must not keep the process.
  Deno.exit();
}

function output(sink: typeof Deno.stdout): Output {
  const isTerminal = sink.isTerminal();
  return new Output(sink, {
    coloured: isTerminal && !Deno.noColor,
    columns: isTerminal ? Deno.consoleSize().columns : DEFAULT_COLUMNS,
  });
}

function readText(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    // A folder of that name is no file either; that it may not be read is another matter.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.IsADirectory) return undefined;
    throw new Error(`${path}: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}
