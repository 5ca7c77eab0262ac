// Every hook of the user's throws, rejects, returns a promise that rejects, each with every strange value. Prints what
// was lost by it; a process that has ended prints nothing.
import {
  type Codec,
  connect,
  createClient,
  defineService,
  type Handler,
  implement,
  serve,
  type ServerOptions,
} from "../../mod.ts";
import { text } from "../support/codecs.ts";
import { untyped } from "../support/untyped.ts";
import { strange } from "./strange.ts";

const hostname = "127.0.0.1";
const TARGET = { service: "Test", method: "Echo" };
const lines: string[] = [];
const echo: Handler = (stream) => stream.sendAll(stream.readable);

/** Ways to fail, as a hook may. */
function failures(make: () => unknown): Record<string, () => unknown> {
  return {
    "throws": () => {
      throw make();
    },
    "rejects": () => Promise.reject(make()),
    "returns what rejects": () => ({ then: (_: unknown, reject: (e: unknown) => void) => reject(make()) }),
    "rejects later": async () => {
      await Promise.resolve();
      throw make();
    },
  };
}

/** Whether a server with these options echoes on another connection, after one that has failed. */
async function works(options: ServerOptions<Deno.NetAddr>, handler: Handler = echo): Promise<boolean> {
  await using server = serve({ ...options, hostname, port: 0 }, handler);
  const broken = await Deno.connect({ hostname, port: server.addr.port });
  await broken.write(new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"));
  while (await broken.read(new Uint8Array(10)) !== null);
  broken.close();
  await using connection = await connect({ hostname, port: server.addr.port });
  await connection.openStream({ ...TARGET, method: "Fail" }).closed.catch(() => {});
  const stream = connection.openStream(TARGET);
  await stream.send(new Uint8Array(3));
  const { value } = await stream.readable.getReader().read();
  await stream.cancel();
  return value?.length === 3;
}

const failing: Handler = (stream) => {
  if (stream.method === "Fail") throw new Error("handler");
  return echo(stream);
};

for (const [what, make] of Object.entries(strange)) {
  for (const [how, fail] of Object.entries(failures(make))) {
    const quiet = { onError: () => {}, onConnectionError: () => {} };
    const hook = untyped<() => undefined>(fail);
    for (const name of ["onError", "onConnectionError", "onListen"]) {
      try {
        const options = name === "onListen" ? { onListen: hook } : { [name]: hook };
        if (!await works({ ...quiet, ...options }, failing)) lines.push(`${name} ${how}: ${what}`);
      } catch {
        // The caller of `serve` may be told by a throw, and nobody else.
        if (name !== "onListen" || how !== "throws") lines.push(`${name} ${how}: ${what}`);
      }
    }

    // One that cannot say whether it refuses refuses, and says so.
    const told: unknown[] = [];
    await using server = serve({
      hostname,
      port: 0,
      onConnection: hook,
      onConnectionError: (error) => told.push(error),
    }, echo);
    const connection = await connect({ hostname, port: server.addr.port });
    await connection.closed.catch(() => {});
    if (told.length !== 1) lines.push(`onConnection ${how}: ${what}, ${told.length}`);
  }

  for (const side of ["encode", "decode"] as const) {
    const throwing: Codec<string> = {
      ...text,
      [side]: () => {
        throw make();
      },
    };
    const Good = defineService("Test", { chat: { kind: "bidirectional", request: text, response: text } });
    const Bad = defineService("Test", {
      chat: { kind: "bidirectional", request: throwing, response: throwing },
    });
    for (const at of ["client", "server"]) {
      await using server = serve(
        { hostname, port: 0, onError: () => {} },
        implement(at === "server" ? Bad : Good, { chat: (stream) => stream.sendAll(stream.readable) }),
      );
      await using connection = await connect({ hostname, port: server.addr.port });
      const stream = createClient(at === "client" ? Bad : Good, connection).chat();
      stream.send("hello");
      stream.readable.getReader().read();
      if (await stream.closed.then(() => true, () => false)) lines.push(`${side} at the ${at}: ${what}`);
    }
  }
}

for (const line of lines) console.log(line);
console.log(`${Object.keys(strange).length} reasons, ${lines.length} lost`);
