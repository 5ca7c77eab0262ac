/** Kitex's JSON generic call, in a Go program that is a server and a client that does what it is told. */

/** How Kitex's client speaks. */
export type Transport =
  | "buffered"
  | "framed"
  | "ttheader"
  | "ttheader-framed"
  | "streaming"
  | "grpc"
  | "grpc-streaming";

/** A call that its client is to make; messages are JSON. */
export interface GenericCall {
  readonly address: string;
  readonly transport: Transport;
  readonly kind: "unary" | "server" | "client" | "bidirectional";
  readonly method: string;
  readonly requests: readonly string[];
}

/** What came of it. */
export interface GenericAnswer {
  readonly responses: readonly string[];
  readonly error?: string | undefined;
}

interface Line extends GenericAnswer {
  readonly id?: number;
  readonly address?: string;
}

/** The running program; the end of the scope ends it. */
export class GenericPeer implements AsyncDisposable {
  /** Where its server listens. */
  readonly port: number;
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #reading: Promise<void>;
  readonly #waiting = new Map<number, PromiseWithResolvers<GenericAnswer>>();
  #lastId = 0;

  private constructor(child: Deno.ChildProcess, lines: AsyncGenerator<string>, port: number) {
    this.port = port;
    this.#child = child;
    this.#writer = child.stdin.getWriter();
    this.#reading = this.#read(lines);
  }

  static async start(program: string, idl: string, provider: "plain" | "dynamicgo"): Promise<GenericPeer> {
    const child = new Deno.Command(program, {
      args: [idl, provider],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const lines = linesOf(child.stdout);
    const first = await lines.next();
    if (first.done) throw new Error("Kitex's generic server has ended before it listened");
    const { address = "" } = parse(first.value);
    return new GenericPeer(child, lines, Number(/\d+$/.exec(address)?.[0]));
  }

  /** Has its client make a call. */
  async call(call: GenericCall): Promise<GenericAnswer> {
    const id = ++this.#lastId;
    const answer = Promise.withResolvers<GenericAnswer>();
    this.#waiting.set(id, answer);
    await this.#writer.write(new TextEncoder().encode(`${JSON.stringify({ id, ...call })}\n`));
    return await answer.promise;
  }

  async #read(lines: AsyncGenerator<string>): Promise<void> {
    for await (const text of lines) {
      const { id, ...answer } = parse(text);
      this.#waiting.get(id ?? 0)?.resolve(answer);
      this.#waiting.delete(id ?? 0);
    }
    for (const { reject } of this.#waiting.values()) reject(new Error("Kitex's generic client has ended"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close();
    await this.#reading;
    await this.#child.status;
  }
}

function parse(text: string): Line {
  const line: Line = JSON.parse(text);
  return line;
}

async function* linesOf(bytes: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of bytes.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}
