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
  /** Aborts at the first Ctrl-C. A second one ends the process at once, with exit code 130. */
  readonly interrupted: AbortSignal;
  /** The text of a file, or `undefined` where there is none. */
  readText(path: string): string | undefined;
}

/** What the shell sees where Ctrl-C has ended a command. */
export const INTERRUPTED = 130;
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
  const interrupt = () => {
    if (performance.now() - interruptedAt < SAME_INTERRUPT_MS) return;
    if (interrupts.signal.aborted) Deno.exit(INTERRUPTED);
    interruptedAt = performance.now();
    interrupts.abort(new DOMException("interrupted by Ctrl-C", "AbortError"));
  };
  const stdout = output(Deno.stdout);
  const stderr = output(Deno.stderr);
  Deno.addSignalListener("SIGINT", interrupt);
  try {
    Deno.exitCode = await command({
      args: Deno.args,
      stdout,
      stderr,
      stdin: Deno.stdin.readable,
      stdinIsTerminal: Deno.stdin.isTerminal(),
      interrupted: interrupts.signal,
      readText,
    });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    stderr.line(`${name}: ${error.message}\nTry --help.`);
    Deno.exitCode = WRONG_USAGE;
  } finally {
    await Promise.all([stdout.written(), stderr.written()]);
    Deno.removeSignalListener("SIGINT", interrupt);
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
