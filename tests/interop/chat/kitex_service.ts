import { assert } from "@std/assert";

/** How a stream ended at a service of Kitex's. */
export interface Ended {
  readonly service: string;
  /** What its context said; empty where it ended well. */
  readonly error: string;
  readonly tokens: number;
}

/** A service of the chat by Kitex, in a process of its own. */
export class KitexService implements AsyncDisposable {
  readonly address: string;
  readonly #child: Deno.ChildProcess;
  readonly #lines: AsyncGenerator<string>;

  private constructor(address: string, child: Deno.ChildProcess, lines: AsyncGenerator<string>) {
    this.address = address;
    this.#child = child;
    this.#lines = lines;
  }

  static async start(program: string, ...args: readonly string[]): Promise<KitexService> {
    const child = new Deno.Command(program, { args: [...args], stdin: "piped", stdout: "piped" }).spawn();
    const lines = linesOf(child.stdout);
    const { value = "" } = await lines.next();
    assert(/^127\.0\.0\.1:\d+$/.test(value), `the service did not start: ${value}`);
    return new KitexService(value, child, lines);
  }

  /** The next stream that ends there. */
  async ended(): Promise<Ended> {
    const { value } = await this.#lines.next();
    assert(typeof value === "string", "the service has ended");
    return JSON.parse(value);
  }

  /** Takes the service away without a word. */
  kill(): void {
    this.#child.kill("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // It may be gone, and its input with it.
    await this.#child.stdin.close().catch(() => {});
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
