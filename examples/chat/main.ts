/**
 * The chat: a page, a gateway, ServiceA and a model, and everything that ends a stream through all of them.
 *
 *     deno task chat
 */
import { type Address, type Protocol, ttheader } from "@ttstream/ttstream";
import { grpc } from "@ttstream/ttstream/grpc";
import { readFlags } from "../../tools/flags.ts";
import { Chains } from "./chain.ts";
import { type Gateway, startGateway } from "./gateway.ts";
import type { Limits } from "./limits.ts";
import { type ModelOptions, startModel } from "./model.ts";
import { startServiceA } from "./service_a.ts";

const HELP =
  `usage: deno task chat [--port N] [--host NAME] [--protocol ttheader|grpc] [--model HOST:PORT] [--service-a HOST:PORT] [--help]
  --port N               where the page is; default 8000, 0 takes any free port
  --host NAME            default 127.0.0.1; 0.0.0.0 lets phones of the same network in
  --protocol NAME        what the services speak: ttheader (default), or grpc
  --model HOST:PORT      a model of your own, of Kitex say, instead of the one here
  --service-a HOST:PORT  the same for ServiceA`;

export interface ChatOptions {
  readonly hostname?: string | undefined;
  readonly port?: number | undefined;
  readonly protocol?: Protocol | undefined;
  /** A service of one's own instead of the one here. */
  readonly modelAddress?: Address | undefined;
  readonly serviceAAddress?: Address | undefined;
  readonly model?: Pick<ModelOptions, "thinkingMs" | "tokenMs"> | undefined;
  readonly limits?: Partial<Limits> | undefined;
}

/** Starts the chain, its end first, all of it in this process. `stack` ends it, its beginning first. */
export function startChat(
  stack: AsyncDisposableStack,
  options: ChatOptions = {},
): Gateway & { chains: Chains } {
  const { hostname, port, protocol = ttheader(), limits } = options;
  const chains = new Chains();
  const startedModel = () =>
    stack.use(startModel({ ...options.model, observers: [chains.observer("ServiceB")] })).addr;
  const startedServiceA = () => {
    const model = options.modelAddress ?? startedModel();
    return stack.use(startServiceA({ model, protocol, observers: [chains.observer("ServiceA")] })).addr;
  };
  const serviceA = options.serviceAAddress ?? startedServiceA();
  const gateway = stack.use(startGateway({ hostname, port, serviceA, protocol, limits, chains }));
  return { ...gateway, chains };
}

function addressOf(flag: string, text: string | undefined): Address | undefined {
  if (text === undefined) return undefined;
  const [, hostname, port] =
    /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(text)?.filter((part) => part !== undefined) ?? [];
  if (hostname === undefined || port === undefined) stop(`${flag} must be HOST:PORT, got ${text}`);
  return { hostname, port: portOf(flag, port) };
}

function portOf(flag: string, text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!(port <= 65_535)) stop(`${flag} must be 0 to 65535, got ${text}`);
  return port;
}

function protocolOf(name: string): Protocol {
  const protocol = [ttheader(), grpc()].find((one) => one.name === name);
  return protocol ?? stop(`--protocol must be ttheader or grpc, got ${name}`);
}

function stop(why: string): never {
  console.error(`${why}; ${HELP.split("\n", 1)[0]}`);
  Deno.exit(2);
}

if (import.meta.main) {
  const flags = readFlags(HELP, {
    port: { type: "string" },
    host: { type: "string" },
    protocol: { type: "string" },
    model: { type: "string" },
    "service-a": { type: "string" },
  });
  const port = portOf("--port", flags.port ?? "8000");
  const host = flags.host ?? "127.0.0.1";
  const options = {
    hostname: host,
    port,
    protocol: protocolOf(flags.protocol ?? "ttheader"),
    modelAddress: addressOf("--model", flags.model),
    serviceAAddress: addressOf("--service-a", flags["service-a"]),
  };
  await using stack = new AsyncDisposableStack();
  let chat: Gateway;
  try {
    chat = startChat(stack, options);
  } catch (error) {
    // All that it does is to listen. A name that nobody knows is an `Error` without a class of its own.
    if (!(error instanceof Error)) throw error;
    console.error(
      error instanceof Deno.errors.AddrInUse
        ? `the port ${port} is taken: give another with --port N`
        : `cannot listen on ${host}, port ${port}: ${error.message}`,
    );
    await stack.disposeAsync();
    Deno.exit(1);
  }
  console.log(`The chat is at ${chat.url}`);
  await chat.finished;
}
