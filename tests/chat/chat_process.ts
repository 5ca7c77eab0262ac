/** A chat that runs in a process of its own, and what can be asked of it over HTTP. */
import { assert, assertEquals } from "@std/assert";
import type { ChainPicture, StreamPicture } from "../../examples/chat/chain.ts";
import type { ProtocolName } from "@ttstream/ttstream";
import type { Settings } from "./program.ts";

/** Milliseconds after which whatever still runs hangs: far more than a slow machine needs. */
const HANGS_MS = 20_000;

const COMMAND = "../../examples/chat/main.ts";

/** How Deno runs it: with the flag that `deno task chat` has as well. */
export const RUN: readonly string[] = ["run", "--quiet", "-A", "--no-check", "--unstable-no-legacy-abort"];

export class ChatProcess implements AsyncDisposable {
  readonly url: string;
  readonly #child: Deno.ChildProcess;
  readonly #output: ReadableStreamDefaultReader<string>;

  readonly #isCommand: boolean;

  private constructor(
    url: string,
    child: Deno.ChildProcess,
    output: ReadableStreamDefaultReader<string>,
    isCommand: boolean,
  ) {
    this.url = url;
    this.#child = child;
    this.#output = output;
    this.#isCommand = isCommand;
  }

  /** A chat with settings that the command line does not have. */
  static start(settings: Settings = {}): Promise<ChatProcess> {
    return ChatProcess.#spawn("program.ts", [JSON.stringify(settings)]);
  }

  /** The chat by its own command line. */
  static command(...args: readonly string[]): Promise<ChatProcess> {
    return ChatProcess.#spawn(COMMAND, ["--port", "0", ...args]);
  }

  static async #spawn(program: string, args: readonly string[]): Promise<ChatProcess> {
    const child = new Deno.Command(Deno.execPath(), {
      args: [...RUN, new URL(program, import.meta.url).href, ...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const { value = "" } = await output.read();
    const url = /http:\S+/.exec(value)?.[0];
    assert(url !== undefined, `the chat did not start: ${value}`);
    return new ChatProcess(url, child, output, program === COMMAND);
  }

  /** A question of a client without a page. */
  ask(id: string, text: string, signal?: AbortSignal): Promise<Response> {
    return this.post("api/answers", { id, text }, signal);
  }

  post(path: string, body: unknown = {}, signal: AbortSignal | null = null): Promise<Response> {
    return fetch(this.url + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal,
    });
  }

  /** How many ends of streams are open, in all services together. */
  async open(): Promise<number> {
    return (await this.#info()).open;
  }

  /** How many questions there have been, once there are so many. */
  async asked(atLeast = 0): Promise<number> {
    return (await until(() => this.#info(), ({ asked }) => asked >= atLeast)).asked;
  }

  async #info(): Promise<{ open: number; asked: number }> {
    return await (await fetch(`${this.url}api/info`)).json();
  }

  /** Waits until no stream is open. */
  async drained(): Promise<void> {
    await until(() => this.open(), (open) => open === 0);
  }

  /** The chain as soon as it is as wanted. */
  async chain(id: string, wanted: (chain: ChainPicture) => boolean = ended): Promise<ChainPicture> {
    const picture = await until(
      async (): Promise<ChainPicture | undefined> => {
        const response = await fetch(`${this.url}api/chains/${id}`);
        return response.ok ? await response.json() : void await response.body?.cancel();
      },
      (picture) => picture !== undefined && wanted(picture),
    );
    assert(picture !== undefined);
    return picture;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stdin.close();
    // The command line has no other end.
    if (this.#isCommand) this.#child.kill("SIGTERM");
    await this.#output.cancel();
    const { success, signal } = await this.#child.status;
    assert(success || (this.#isCommand && signal === "SIGTERM"), "the chat did not end well");
  }
}

/** What another process says, once it is as wanted: there is nothing to await but its next answer. */
async function until<T>(ask: () => Promise<T>, wanted: (answer: T) => boolean): Promise<T> {
  for (const end = performance.now() + HANGS_MS;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (performance.now() > end) throw new Error(`it stays as it is: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function ended({ open, streams }: ChainPicture): boolean {
  return open === 0 && streams.length > 0;
}

/** One end of one stream of a chain. */
export function streamOf(
  { streams }: ChainPicture,
  service: string,
  side: "client" | "server",
): StreamPicture {
  const found = streams.filter((stream) => stream.service === service && stream.side === side);
  assertEquals(found.length, 1, `${service} has ${found.length} ${side} streams`);
  const [stream] = found;
  assert(stream !== undefined);
  return stream;
}

const CANCELED =
  "user code invoking stream RPC with context processed by context.WithCancel or context.WithTimeout, then invoking cancel() actively";

/** What the gateway, ServiceA and the model read where the page has left. */
export const PAGE_LEFT: Readonly<Record<ProtocolName, readonly (string | undefined)[]>> = {
  ttheader: [
    `[ttstream error, code=12007] [client-side stream] ${CANCELED}`,
    `[ttstream error, code=12007] [server-side stream] [canceled path: Gateway] ${CANCELED}`,
    `[ttstream error, code=12007] [server-side stream] [canceled path: Gateway -> ServiceA] ${CANCELED}`,
  ],
  grpc: [
    "rpc error: code = 1 desc = context canceled",
    "rpc error: code = 1 desc = transport: RSTStream Frame received with error code: CANCEL [triggered by Gateway]",
    "rpc error: code = 1 desc = transport: RSTStream Frame received with error code: CANCEL [triggered by ServiceA]",
  ],
};

/** What each service read at the end, the gateway first. */
export function textsOf(chain: ChainPicture): readonly (string | undefined)[] {
  return [
    streamOf(chain, "Gateway", "client"),
    streamOf(chain, "ServiceA", "server"),
    streamOf(chain, "ServiceB", "server"),
  ].map(({ end }) => end?.message);
}

/** Milliseconds between the first of a chain's services that knew of its end, and the last. */
export function spreadOf({ streams }: ChainPicture): number {
  return Math.max(...streams.map(({ end }) => end?.afterMs ?? Infinity));
}
