import type { KitexPeer } from "./build.ts";
import { Peer } from "./peer.ts";

/** Who is measured. */
export type ContenderName =
  | "ttstream"
  | "ttstream, thrift"
  | "ttstream, protobuf"
  | "ttstream, observed"
  | "ttstream, traced"
  | "ttstream, unsampled"
  | "ttstream, traced by Deno"
  | "Kitex"
  | "Kitex at ttstream"
  | "grpc-js"
  | "raw TCP";

/** What they speak. */
export type ProtocolName = "ttheader" | "grpc";

/** A client and a server of one kind, in processes of their own. */
export class Pair implements AsyncDisposable {
  readonly client: Peer;
  readonly server: Peer;
  /** When the client's process was started. */
  readonly startedAt: number;

  private constructor(client: Peer, server: Peer, startedAt: number) {
    this.client = client;
    this.server = server;
    this.startedAt = startedAt;
  }

  static async start(name: string, { server, client }: Contender): Promise<Pair> {
    const serverPeer = new Peer(`${name} server`, ...server);
    try {
      const { port } = await serverPeer.hello();
      const startedAt = performance.now();
      const clientPeer = new Peer(`${name} client`, ...client(port ?? 0));
      try {
        await clientPeer.hello();
        return new Pair(clientPeer, serverPeer, startedAt);
      } catch (error) {
        await clientPeer[Symbol.asyncDispose]();
        throw error;
      }
    } catch (error) {
      await serverPeer[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
  }
}

type CommandLine = readonly [
  command: string,
  args: readonly string[],
  env?: Readonly<Record<string, string>>,
];

/** How to start a pair of one kind. */
export interface Contender {
  readonly server: CommandLine;
  readonly client: (port: number) => CommandLine;
}

/** Deno's own spans, batched and not sent: nobody collects them here. */
const OTEL: Readonly<Record<string, string>> = {
  OTEL_DENO: "true",
  OTEL_TRACES_EXPORTER: "none",
  OTEL_METRICS_EXPORTER: "none",
  OTEL_LOGS_EXPORTER: "none",
};

function withEnv({ server, client }: Contender, env: Readonly<Record<string, string>>): Contender {
  const within = ([command, args]: CommandLine): CommandLine => [command, args, env];
  return { server: within(server), client: (port) => within(client(port)) };
}

/** All that speak a protocol, or need none; Kitex only where it could be built. */
export function contenders(kitex: KitexPeer, protocol: ProtocolName): Map<ContenderName, Contender> {
  const library = (flavour: string, ...observers: readonly string[]): Contender => ({
    server: deno("deno/server.ts", flavour, protocol, ...observers),
    client: (port) => deno("deno/client.ts", flavour, protocol, String(port), ...observers),
  });
  const all = new Map<ContenderName, Contender>([
    ["ttstream", library("raw")],
    ["ttstream, thrift", library("thrift")],
    ["ttstream, protobuf", library("protobuf")],
    ["ttstream, observed", library("raw", "observed")],
    ["ttstream, traced", library("raw", "traced")],
    ["ttstream, unsampled", library("raw", "unsampled")],
    ["ttstream, traced by Deno", withEnv(library("raw", "traced by Deno"), OTEL)],
    ["grpc-js", {
      server: deno("grpc/server.ts"),
      client: (port) => deno("grpc/client.ts", String(port)),
    }],
    ["raw TCP", {
      server: deno("tcp/server.ts"),
      client: (port) => deno("tcp/client.ts", String(port)),
    }],
  ]);
  if ("command" in kitex) {
    const { command } = kitex;
    all.set("Kitex", {
      server: [command, ["server", protocol]],
      client: (port) => [command, ["client", protocol, `127.0.0.1:${port}`]],
    });
    all.set("Kitex at ttstream", {
      server: deno("deno/server.ts", "thrift", protocol),
      client: (port) => [command, ["client", protocol, `127.0.0.1:${port}`]],
    });
  }
  return all;
}

/** A contender's client against a server that only takes down the Rst frames that it reads. */
export function watched(contender: Contender): Contender {
  return { server: deno("tcp/watcher.ts"), client: contender.client };
}

function deno(path: string, ...args: string[]): CommandLine {
  const script = new URL(`../peers/${path}`, import.meta.url).pathname;
  return [Deno.execPath(), ["run", "-A", "--quiet", "--v8-flags=--expose-gc", script, ...args]];
}
