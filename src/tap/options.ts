import { type CommandAddress, readAddress } from "../cli/address.ts";
import { readArguments } from "../cli/arguments.ts";
import { UsageError } from "../cli/usage.ts";
import type { Filter } from "./filter.ts";

/** What `--help` prints. */
export const HELP = `Shows what goes over the wire between a client and a server, a line a frame.

  deno run -NR jsr:@ttstream/ttstream/tap --listen 9000 --to 127.0.0.1:8888
  deno run -NR jsr:@ttstream/ttstream/tap --listen 9000 --to 127.0.0.1:8888 --idl chat.thrift
  deno run -NR jsr:@ttstream/ttstream/tap --listen 9000 --to 127.0.0.1:8888 --json --method Ask

The client connects to --listen instead of the server. Every byte goes on as it came, half closes
and resets, too. Each line has the time, the connection, → from the client or ← from the server,
the stream, the frame, the method, the pairs of its header, and its size. When no connection is
left, and at Ctrl-C, the lives of the streams follow, on one axis of time.

It reads TTHeader and HTTP/2 (gRPC), told apart by a connection's first bytes. What is neither,
or is encrypted, is passed on unread, and said to be.

Options:
  --listen [HOST:]PORT  where clients connect to; HOST is 127.0.0.1 where there is none
  --to HOST:PORT        the server; a path with a / in it is a Unix socket's (Deno wants -W, too)
  --idl FILE            shows messages as JSON; may be given several times
  -I, --include DIR     where else to look for files that an IDL includes
  --json                prints an object of JSON a line instead
  --stream ID           shows streams of that id alone; 2/7 is stream 7 of connection 2
  --method NAME         shows streams of a method alone: Ask, Chat/Ask, or Chat/ for the service
  --once                ends when the first clients have gone
  -h, --help            print this

Headers and messages are shown as they are, secrets among them.
Exit codes: 0 ended by Ctrl-C, SIGTERM or --once, 1 it cannot listen or an IDL is wrong, 2 wrong arguments.`;

/** What the command was told. */
export interface TapOptions {
  readonly listen: { readonly hostname: string; readonly port: number };
  readonly to: CommandAddress;
  readonly idls: readonly string[];
  readonly includeDirs: readonly string[];
  readonly filter: Filter;
  readonly json: boolean;
  readonly once: boolean;
}

/**
 * Reads the arguments.
 *
 * @returns `undefined` where help is asked for.
 * @throws {UsageError} If something is wrong with them.
 */
export function readOptions(args: readonly string[]): TapOptions | undefined {
  const given = readArguments(args, {
    "listen": { type: "string" },
    "to": { type: "string" },
    "idl": { type: "string", multiple: true },
    "include": { type: "string", short: "I", multiple: true },
    "json": { type: "boolean" },
    "stream": { type: "string" },
    "method": { type: "string" },
    "once": { type: "boolean" },
    "help": { type: "boolean", short: "h" },
  });
  if (given.flag("help")) return undefined;
  const [extra] = given.positionals;
  if (extra !== undefined) throw new UsageError(`"${extra}" belongs to no option`);
  const listen = readAddress(required(given.value("listen"), "--listen [HOST:]PORT"), "--listen", 0);
  if ("path" in listen) throw new UsageError("--listen takes no path: clients connect by TCP");
  const stream = given.value("stream");
  if (stream !== undefined && !/^(\d+\/)?-?\d+$/.test(stream)) {
    throw new UsageError(`--stream must be a stream's id, or CONNECTION/ID, got "${stream}"`);
  }
  const to = readAddress(required(given.value("to"), "--to HOST:PORT"), "--to");
  // Each connection would make another one, until there are no more.
  if (isSame(listen, to)) throw new UsageError("--to is where the tap itself listens");
  return {
    listen,
    to,
    idls: given.values("idl"),
    includeDirs: given.values("include"),
    filter: { stream, method: given.value("method") },
    json: given.flag("json"),
    once: given.flag("once"),
  };
}

/** Hostnames that are this machine's. */
const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "[::1]"]);
/** Hostnames to listen on that are all of this machine's. */
const WILDCARDS: ReadonlySet<string> = new Set(["0.0.0.0", "[::]"]);

function isSame(listen: TapOptions["listen"], to: CommandAddress): boolean {
  if ("path" in to || to.port !== listen.port) return false;
  if (to.hostname === listen.hostname) return true;
  const isLocal = LOOPBACK.has(to.hostname) || WILDCARDS.has(to.hostname);
  const namesLocal = to.hostname === "localhost" || listen.hostname === "localhost";
  return isLocal && (WILDCARDS.has(listen.hostname) || (namesLocal && LOOPBACK.has(listen.hostname)));
}

function required(value: string | undefined, option: string): string {
  if (value === undefined) throw new UsageError(`expected ${option}`);
  return value;
}
