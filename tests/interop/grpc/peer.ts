import { CASES } from "./cases.ts";
import { manyCalls } from "./many_calls.ts";
import { MORE_CASES } from "./more_cases.ts";
import { testServiceHandler } from "./test_service.ts";
import { connectGrpc, serveGrpc } from "./transport.ts";

/**
 * gRPC's interoperability cases, this library at either end: a server of grpc.testing.TestService that prints a line
 * when it listens, and a client whose exit code is 0 where the case passes. `calls` makes many calls and waits for the end of a stream.
 */

const USAGE =
  "usage: peer.ts server PORT [--host HOST] | peer.ts client PORT CASE [--host HOST] [--id ID] | " +
  "peer.ts calls PORT COUNT [close] [--host HOST]";

if (import.meta.main) {
  const { role, port, name, hostname, id, close } = readArguments(Deno.args);
  if (role === "server") {
    await serve(hostname, port);
  } else if (role === "calls") {
    await using connection = await connectGrpc({ hostname, port });
    await manyCalls(connection, Number(name), close);
  } else {
    const error = await play(hostname, port, name, id);
    if (error !== undefined) {
      console.error(error);
      Deno.exit(1);
    }
  }
}

async function serve(hostname: string, port: number): Promise<void> {
  const server = serveGrpc({ hostname, port, compression: "gzip" }, testServiceHandler);
  const stop = () => void server.shutdown({ graceMs: 2_000 });
  Deno.addSignalListener("SIGTERM", stop);
  console.log(`listening on ${server.addr.hostname}:${server.addr.port}`);
  await server.finished;
  Deno.removeSignalListener("SIGTERM", stop);
}

/** Plays a case; gives the error where it fails. */
async function play(hostname: string, port: number, name: string, id: string): Promise<unknown> {
  const cases = { ...CASES, ...MORE_CASES };
  const one = cases[name];
  if (one === undefined) return `no case "${name}"; there are ${Object.keys(cases).join(", ")}`;
  try {
    await using connection = await connectGrpc({ hostname, port, compression: one.compression });
    await using uncompressed = await connectGrpc({ hostname, port });
    await one.run({ connection, uncompressed, id });
    return undefined;
  } catch (error) {
    return error;
  }
}

function readArguments(given: readonly string[]) {
  const wrong = (): never => {
    console.error(USAGE);
    Deno.exit(2);
  };
  const rest = [...given];
  const option = (name: string, otherwise: string): string => {
    const at = rest.indexOf(name);
    return at < 0 ? otherwise : rest.splice(at, 2)[1] ?? wrong();
  };
  const [hostname, id] = [option("--host", "127.0.0.1"), option("--id", "0")];
  const [role, port = "", name, last, ...more] = rest;
  const known = role === "server"
    ? name === undefined
    : role === "client"
    ? name !== undefined && last === undefined
    : role === "calls" && /^\d+$/.test(name ?? "") && (last === undefined || last === "close");
  if (!known || more.length > 0 || !/^\d+$/.test(port) || Number(port) > 65_535) return wrong();
  return { role, port: Number(port), name: name ?? "", hostname, id, close: last === "close" };
}
