import { type CommandAddress, readAddress } from "../cli/address.ts";
import { type Arguments, readArguments } from "../cli/arguments.ts";
import { readDuration } from "../cli/duration.ts";
import { UsageError } from "../cli/usage.ts";

/** What `--help` prints. */
export const HELP = `Calls a method of a service from the shell. Messages are JSON, each response is a line.

  deno run -NR jsr:@ttstream/ttstream/call --idl chat.thrift 127.0.0.1:8888 Chat/Ask -d '{"text":"hi"}'
  deno run -NR jsr:@ttstream/ttstream/call --idl chat.thrift --list
  deno run -NR jsr:@ttstream/ttstream/call --protocol grpc 127.0.0.1:8888 chat.v1.Chat/Ask -d '{}'

Usage: call [--idl FILE] HOST:PORT SERVICE/METHOD [-d JSON]...
       call [--idl FILE] [HOST:PORT] --list

Methods of every kind can be called. One that streams requests takes each -d as one, or where there
is no -d each line of stdin. One with a single request takes {} where there is no -d. Ctrl-C cancels
the call, and stderr says what came of it.

Without --idl a gRPC server is asked for its services (grpc.reflection.v1 or v1alpha).

Options:
  --idl FILE              the Thrift IDL with the service; may be given several times
  -I, --include DIR       where else to look for files that an IDL includes
  -d, --data JSON         a request
  --protocol NAME         ttheader or grpc; default ttheader with --idl, else grpc
  --metainfo KEY=VALUE    metainfo for the whole chain of services; several times
  --transient KEY=VALUE   metainfo for the next service alone; several times
  --metadata KEY=VALUE    a key of the header; several times
  --timeout TIME          for the whole call: 5s, 300ms, 2m
  --tls                   TLS with the system's trust
  --ca FILE               TLS that trusts the certificates of a PEM file as well
  --name NAME             how the caller is called, in a cancel's path; default call
  --list                  prints the services and their methods
  -v, --verbose           prints header and trailer on stderr
  -h, --help              print this

HOST is 127.0.0.1 where there is none; an address with a / in it is a Unix socket's path, for which
Deno wants -W, too.
Exit codes: 0 ended well, 1 the call failed, 2 wrong arguments or requests, 3 cannot connect,
4 the time is over, 130 cancelled by Ctrl-C, 143 by SIGTERM.`;

/** What is spoken. */
export type CallProtocol = "ttheader" | "grpc";

/** What the command was told. */
export interface CallCommandOptions {
  readonly idls: readonly string[];
  readonly includeDirs: readonly string[];
  readonly protocol: CallProtocol;
  /** Absent where `--list` needs none. */
  readonly address: CommandAddress | undefined;
  /** What to call; absent with `--list`. */
  readonly target: { readonly service: string; readonly method: string } | undefined;
  /** The requests, as text; absent where they stand on stdin, or are left out. */
  readonly data: readonly string[] | undefined;
  readonly metainfo: ReadonlyMap<string, string>;
  readonly transient: ReadonlyMap<string, string>;
  readonly metadata: ReadonlyMap<string, string>;
  readonly timeoutMs: number | undefined;
  readonly tls: boolean;
  readonly caFile: string | undefined;
  readonly name: string;
  readonly verbose: boolean;
}

/**
 * Reads the arguments.
 *
 * @returns `undefined` where help is asked for.
 * @throws {UsageError} If something is wrong with them.
 */
export function readOptions(args: readonly string[]): CallCommandOptions | undefined {
  const given = readArguments(args, {
    "idl": { type: "string", multiple: true },
    "include": { type: "string", short: "I", multiple: true },
    "data": { type: "string", short: "d", multiple: true },
    "protocol": { type: "string" },
    "metainfo": { type: "string", multiple: true },
    "transient": { type: "string", multiple: true },
    "metadata": { type: "string", multiple: true },
    "timeout": { type: "string" },
    "tls": { type: "boolean" },
    "ca": { type: "string" },
    "name": { type: "string" },
    "list": { type: "boolean" },
    "verbose": { type: "boolean", short: "v" },
    "help": { type: "boolean", short: "h" },
  });
  if (given.flag("help")) return undefined;
  const idls = given.values("idl");
  const protocol = protocolOf(given.value("protocol"), idls);
  const data = given.values("data");
  const timeout = given.value("timeout");
  const tls = given.flag("tls") || given.value("ca") !== undefined;
  const places = placesOf(given, idls);
  if (tls && places.address !== undefined && "path" in places.address) {
    throw new UsageError(`there is no TLS over a Unix socket, such as ${places.address.path}`);
  }
  return {
    idls,
    includeDirs: given.values("include"),
    protocol,
    ...places,
    data: data.length === 0 ? undefined : data,
    metainfo: pairs(given, "metainfo"),
    transient: pairs(given, "transient"),
    metadata: pairs(given, "metadata"),
    timeoutMs: timeout === undefined ? undefined : readDuration(timeout, "--timeout"),
    tls,
    caFile: given.value("ca"),
    name: given.value("name") ?? "call",
    verbose: given.flag("verbose"),
  };
}

function protocolOf(name: string | undefined, idls: readonly string[]): CallProtocol {
  const protocol = name ?? (idls.length > 0 ? "ttheader" : "grpc");
  if (protocol !== "ttheader" && protocol !== "grpc") {
    throw new UsageError(`--protocol must be ttheader or grpc, got "${protocol}"`);
  }
  if (protocol === "ttheader" && idls.length === 0) {
    throw new UsageError("expected --idl FILE: a server says what services it has by gRPC alone");
  }
  return protocol;
}

/** Where the server is, and what to call. */
function placesOf(
  given: Arguments,
  idls: readonly string[],
): Pick<CallCommandOptions, "address" | "target"> {
  const [address, target, extra] = given.positionals;
  if (extra !== undefined) throw new UsageError(`"${extra}" is one argument too many`);
  if (given.flag("list")) {
    if (target !== undefined) {
      throw new UsageError(`--list calls nothing: "${target}" is one argument too many`);
    }
    if (address === undefined && idls.length === 0) {
      throw new UsageError("--list expects --idl FILE or HOST:PORT");
    }
    return {
      address: address === undefined ? undefined : readAddress(address, "the server"),
      target: undefined,
    };
  }
  if (address === undefined) throw new UsageError("expected HOST:PORT SERVICE/METHOD");
  if (target === undefined) throw new UsageError("expected SERVICE/METHOD after the server's address");
  const slash = target.lastIndexOf("/");
  const [service, method] = [target.slice(0, Math.max(slash, 0)).replace(/^\//, ""), target.slice(slash + 1)];
  if (service === "" || method === "") {
    throw new UsageError(`the method must be SERVICE/METHOD, as in Chat/Ask, got "${target}"`);
  }
  return { address: readAddress(address, "the server"), target: { service, method } };
}

function pairs(given: Arguments, option: string): Map<string, string> {
  return new Map(
    given.values(option).map((text) => {
      const equals = text.indexOf("=");
      if (equals < 1) throw new UsageError(`--${option} must be KEY=VALUE, got "${text}"`);
      return [text.slice(0, equals), text.slice(equals + 1)];
    }),
  );
}
