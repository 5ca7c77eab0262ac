import {
  type Address,
  type Handler,
  type Protocol,
  serve,
  type Server,
  type ServerOptions,
  ttheader,
} from "../../mod.ts";
import { words } from "./words.ts";

const hostname = "127.0.0.1";

/** A server of words on loopback; without a port on any that is free. */
export function wordServer(
  name: string,
  port = 0,
  options: ServerOptions<Deno.NetAddr> = {},
): Server<Deno.NetAddr> {
  return serve({ ...options, hostname, port }, words(name));
}

/** A server with a handler of the test's; without errors, which its clients read. */
export function handlerServer(handler: Handler, protocols: Protocol[] = [ttheader()]): Server<Deno.NetAddr> {
  return serve({ hostname, port: 0, protocols, onError: () => {} }, handler);
}

/** Where a server is. */
export function at({ addr: { port } }: Server<Deno.NetAddr>): Address {
  return { port };
}

/** Waits until `condition` holds: for what no event tells, a pool's figures say. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** A server of words in a process of its own. */
export class ChildServer implements AsyncDisposable {
  readonly port: number;
  readonly #child: Deno.ChildProcess;
  readonly #output: ReadableStream<Uint8Array>;

  private constructor(child: Deno.ChildProcess, output: ReadableStream<Uint8Array>, port: number) {
    this.#child = child;
    this.#output = output;
    this.port = port;
  }

  /** Resolves when it listens; without a port on any that is free. */
  static async start(name: string, port = 0): Promise<ChildServer> {
    const program = new URL("../programs/pool_server.ts", import.meta.url).pathname;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", program, String(port), name],
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const [first, rest] = child.stdout.tee();
    for await (const line of first.pipeThrough(new TextDecoderStream())) {
      return new ChildServer(child, rest, Number(line));
    }
    throw new Error(`the server ${name} has ended: ${(await child.status).code}`);
  }

  get address(): Address {
    return { port: this.port };
  }

  /** Ends it, and resolves when it has ended. */
  async end(signal: "SIGTERM" | "SIGKILL"): Promise<Deno.CommandStatus> {
    this.#child.kill(signal);
    return await this.status;
  }

  /** Resolves when it has ended. */
  get status(): Promise<Deno.CommandStatus> {
    return this.#child.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended before.
    }
    await this.#child.status;
    await this.#output.cancel();
  }
}
