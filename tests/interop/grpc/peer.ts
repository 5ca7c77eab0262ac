import { CASES } from "./cases.ts";
import { testServiceHandler } from "./test_service.ts";
import { connectGrpc, serveGrpc } from "./transport.ts";

/**
 * gRPC's interoperability cases, this library at either end: a server of grpc.testing.TestService that prints a line
 * when it listens, and a client whose exit code is 0 where the case passes.
 */

const USAGE = "usage: peer.ts server PORT [--host HOST] | peer.ts client PORT CASE [--host HOST]";

if (import.meta.main) {
  const { role, port, name, hostname } = readArguments(Deno.args);
  if (role === "server") {
    await serve(hostname, port);
  } else {
    const error = await play(hostname, port, name);
    if (error !== undefined) {
      console.error(error);
      Deno.exit(1);
    }
  }
}

async function serve(hostname: string, port: number): Promise<void> {
  const server = serveGrpc({ hostname, port, compression: "gzip" }, testServiceHandler);
  const stop = () => void server.shutdown();
  Deno.addSignalListener("SIGTERM", stop);
  console.log(`listening on ${server.addr.hostname}:${server.addr.port}`);
  await server.finished;
  Deno.removeSignalListener("SIGTERM", stop);
}

/** Plays a case; gives the error where it fails. */
async function play(hostname: string, port: number, name: string): Promise<unknown> {
  const one = CASES[name];
  if (one === undefined) return `no case "${name}"; there are ${Object.keys(CASES).join(", ")}`;
  try {
    await using connection = await connectGrpc({ hostname, port, compression: one.compression });
    await one.run(connection);
    return undefined;
  } catch (error) {
    return error;
  }
}

function readArguments(given: readonly string[]) {
  const at = given.indexOf("--host");
  const hostname = at < 0 ? "127.0.0.1" : given[at + 1];
  const [role, port, name, ...more] = at < 0 ? given : given.toSpliced(at, 2);
  const number = Number(port);
  const right = role === "server" ? name === undefined : role === "client" && name !== undefined;
  if (
    !right || hostname === undefined || more.length > 0 || !/^\d+$/.test(port ?? "") || number > 65_535
  ) {
    console.error(USAGE);
    Deno.exit(2);
  }
  return { role, port: number, name: name ?? "", hostname };
}
