// Ends streams for reasons that cannot be looked at, by each way that takes a reason, at both ends. Prints the ways in
// which the end was not heard of at the other end; a process that has ended prints nothing.
import {
  type ClientStream,
  connect,
  type Connection,
  type Handler,
  serve,
  type ServerStream,
  type StreamOpener,
} from "../../mod.ts";
import { aborted } from "../support/events.ts";
import { untyped } from "../support/untyped.ts";
import { strange } from "./strange.ts";

const hostname = "127.0.0.1";
const TARGET = { service: "Test", method: "Echo" };
const lines: string[] = [];

/** A stream that has come to its handler. */
async function begun(connection: Connection): Promise<ClientStream> {
  const stream = connection.openStream(TARGET);
  await stream.header;
  return stream;
}

/** Ways of a client, each of which ends one stream of the connection. */
const clientWays: Record<string, (connection: Connection, reason: unknown) => unknown> = {
  "signal": async (connection, reason) => {
    const controller = new AbortController();
    await connection.openStream(TARGET, { signal: controller.signal }).header;
    controller.abort(reason);
  },
  "a signal that has aborted": (connection, reason) => {
    const stream = connection.openStream(TARGET, { signal: AbortSignal.abort(reason) });
    // Nothing goes to the server: another one does.
    return stream.closed.catch(async () => (await begun(connection)).cancel());
  },
  "parent": async (connection, reason) => {
    const controller = new AbortController();
    const metainfo = { persistent: new Map(), transient: new Map() };
    await connection.openStream(TARGET, { parent: { signal: controller.signal, metainfo } }).header;
    controller.abort(reason);
  },
  "cancel": async (connection, reason) => (await begun(connection)).cancel(reason),
  "readable.cancel": async (connection, reason) => (await begun(connection)).readable.cancel(reason),
  "reader.cancel": async (connection, reason) =>
    (await begun(connection)).readable.getReader().cancel(reason),
  "iterator.return": async (connection, reason) => {
    return (await begun(connection)).readable.values().return?.(reason);
  },
  "writable.abort": async (connection, reason) => (await begun(connection)).writable.abort(reason),
  "writer.abort": async (connection, reason) => {
    const writer = (await begun(connection)).writable.getWriter();
    writer.write(new Uint8Array(8)).catch(() => {});
    return writer.abort(reason);
  },
  "sendAll": async (connection, reason) =>
    (await begun(connection)).sendAll({
      [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(reason) }),
    }).catch(() => {}),
  "connection.abort": async (connection, reason) => {
    await begun(connection);
    connection.abort(reason);
  },
};

/** Ways of a handler. */
const handlerWays: Record<string, (stream: ServerStream, reason: unknown) => void | Promise<void>> = {
  "throw": (_stream, reason) => {
    throw reason;
  },
  "reject": (_stream, reason) => Promise.reject(reason),
  "return": (_stream, reason) => untyped<undefined>(reason),
  "writable.abort": ({ writable }, reason) => writable.abort(reason),
  "readable.cancel, then throw": async ({ readable }, reason) => {
    await readable.cancel(reason);
    throw reason;
  },
  "sendAll": (stream, reason) =>
    stream.sendAll({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(reason) }) }),
};

async function within<T>(promise: Promise<T>): Promise<T | "nothing"> {
  const { promise: late, resolve } = Promise.withResolvers<"nothing">();
  const timer = setTimeout(resolve, 3_000, "nothing");
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

for (const [what, make] of Object.entries(strange)) {
  for (const [way, end] of Object.entries(clientWays)) {
    const told = Promise.withResolvers<unknown>();
    await using server = serve({ hostname, port: 0, onError: () => {} }, async (stream) => {
      stream.sendHeader();
      const { signal } = stream;
      told.resolve(await aborted(signal));
    });
    const connection = await connect({ hostname, port: server.addr.port });
    await end(connection, make());
    if (await within(told.promise) === "nothing") lines.push(`client, ${way}: ${what}`);
    connection.abort();
    await server.shutdown({ graceMs: 0 });
  }
  for (const [way, end] of Object.entries(handlerWays)) {
    // The default onError prints; one of the user's that throws or rejects it again is worse.
    for (const onError of [undefined, (error: unknown) => Promise.reject(error), raise]) {
      const handler: Handler = (stream) => end(stream, make());
      await using server = serve({ hostname, port: 0, ...(onError && { onError }) }, handler);
      const connection = await connect({ hostname, port: server.addr.port });
      const opener: StreamOpener = connection;
      const { closed } = opener.openStream(TARGET);
      const outcome = await within(closed.then(() => "well", (error) => error));
      const ok = way === "return" ? outcome !== "well" : outcome !== "nothing";
      if (!ok || (way === "throw" && outcome === "well")) lines.push(`server, ${way}: ${what}`);
      connection.abort();
      await server.shutdown({ graceMs: 0 });
    }
  }
  const refused = await connect({ hostname, port: 9, signal: AbortSignal.abort(make()) }).catch((e) => e);
  if (!String(refused).includes(`cannot connect to ${hostname}:9`)) lines.push(`connect, signal: ${what}`);
}

function raise(error: unknown): never {
  throw error;
}

for (const line of lines) console.log(line);
console.log(`${Object.keys(strange).length} reasons, ${lines.length} lost`);
