import { runGo } from "../harness/build.ts";

const FOLDER = new URL("go/", import.meta.url).pathname;
const PEER = `${FOLDER}build/peer`;

/** Generates and builds the traced Kitex service. */
export async function buildTracedPeer(): Promise<void> {
  await runGo(FOLDER, "tool", "kitex", "-streamx", "-module", "otelpeer", "chat.thrift");
  await runGo(FOLDER, "build", "-o", PEER, ".");
}

/** A span as either side knows it. */
export interface SpanLine {
  readonly service: "Go" | "Deno";
  readonly name: string;
  readonly kind: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parent: string;
}

/** The Go program, and the spans that it has printed. */
export class GoPeer implements AsyncDisposable {
  readonly spans: SpanLine[] = [];
  readonly #process: Deno.ChildProcess;
  readonly #port = Promise.withResolvers<number>();
  readonly #read: Promise<void>;
  readonly #status: Promise<Deno.CommandStatus>;

  constructor(...args: readonly string[]) {
    const command = new Deno.Command(PEER, { args: [...args], stdin: "piped", stdout: "piped" });
    this.#process = command.spawn();
    this.#status = this.#process.status;
    this.#read = this.#lines();
  }

  /** A server's port. */
  get port(): Promise<number> {
    return this.#port.promise;
  }

  /** Resolves when a client has ended by itself. @throws If it has failed. */
  async done(): Promise<void> {
    const { success, code } = await this.#status;
    await this.#read;
    if (!success) throw new Error(`the Go program ended with code ${code}`);
  }

  async #lines(): Promise<void> {
    let rest = "";
    for await (const piece of this.#process.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + piece).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#take(JSON.parse(line));
    }
    this.#port.reject(new Error("the Go program has ended"));
    this.#port.promise.catch(() => {
      // A client has none.
    });
  }

  #take(line: { readonly port: number } | Omit<SpanLine, "service">): void {
    if ("port" in line) this.#port.resolve(line.port);
    else this.spans.push({ ...line, service: "Go" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stdin.close().catch(() => {
      // It has ended by itself.
    });
    await this.#status;
    await this.#read;
  }
}
