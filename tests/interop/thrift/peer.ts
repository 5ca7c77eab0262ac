/** Kitex's own codec, in a Go program that reads and writes what it is told to. */

const FOLDER = new URL("./go/", import.meta.url);

/** Go is not on this machine. */
export class MissingGo extends Error {
  constructor() {
    super("the Thrift cases need Go 1.24 or later (https://go.dev/dl/): the command `go` was not found");
  }
}

/** Generates Go code with the Kitex tool, and builds the program. @returns Its path. */
export async function buildGoCodec(): Promise<string> {
  try {
    await go("version");
  } catch (error) {
    throw error instanceof Deno.errors.NotFound ? new MissingGo() : error;
  }
  await go("tool", "kitex", "-module", "thriftpeer", "../types.thrift");
  await go("build", "-o", "build/peer", ".");
  return new URL("build/peer", FOLDER).pathname;
}

async function go(...args: string[]): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command("go", { args, cwd: FOLDER }).output();
  const decoder = new TextDecoder();
  if (!success) {
    throw new Error(`go ${args.join(" ")} failed:\n${decoder.decode(stdout)}${decoder.decode(stderr)}`);
  }
}

/** What the program may be asked; payloads are in hexadecimal digits. */
export type Request =
  /** The random value of that number. */
  | { readonly op: "make"; readonly type: string; readonly seed: number }
  /** Whether a payload is that value. */
  | { readonly op: "same"; readonly type: string; readonly seed: number; readonly payload: string }
  /** A value that stands in samples.go. */
  | { readonly op: "sample"; readonly sample: string }
  /** To read a payload, and to write what was read. */
  | { readonly op: "echo"; readonly type: string; readonly payload: string }
  /** To read a payload, and to say in words what was read. */
  | { readonly op: "read"; readonly type: string; readonly payload: string };

/** What it says. */
export interface Answer {
  readonly payload?: string | undefined;
  readonly value?: string | undefined;
  readonly error?: string | undefined;
}

/** The running program; the end of the scope ends it. */
export class GoCodec implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #lines: AsyncGenerator<string>;

  constructor(program: string) {
    this.#child = new Deno.Command(program, { stdin: "piped", stdout: "piped", stderr: "inherit" }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#lines = linesOf(this.#child.stdout);
  }

  /** Asks for one thing; the answer may be an error of Kitex's. */
  async ask(request: Request): Promise<Answer> {
    await this.#writer.write(new TextEncoder().encode(`${JSON.stringify(request)}\n`));
    const { done, value } = await this.#lines.next();
    if (done) throw new Error("the Go codec has ended");
    return JSON.parse(value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close();
    await this.#lines.return(undefined);
    await this.#child.status;
  }
}

async function* linesOf(bytes: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of bytes.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}
