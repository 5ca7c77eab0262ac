// Holds servers and connections open, unreferenced: the process ends by itself. With `ref` they keep it alive until
// the test ends it; it says so first.
import { connect, serve, serveOver } from "../../mod.ts";
import { duplexPair } from "../support/pair.ts";

const [mode = ""] = Deno.args;
const hostname = "127.0.0.1";
const path = `${Deno.makeTempDirSync()}/s`;
const options = { idleTimeoutMs: 60_000, handlerTimeoutMs: 60_000, onError: () => {} };
const servers = [
  serve({ ...options, hostname, port: 0 }, (stream) => stream.sendAll(stream.readable)),
  serve({ ...options, path }, (stream) => stream.sendAll(stream.readable)),
];
if (mode === "early") { for (const server of servers) server.unref(); }
const [tcp] = servers;
if (tcp?.addr.transport !== "tcp") throw new Error("no port");
const connections = [await connect({ hostname, port: tcp.addr.port }), await connect({ path })];
for (const connection of connections) {
  const stream = connection.openStream({ service: "Test", method: "Echo" });
  await stream.send(new Uint8Array(3));
  await stream.readable.getReader().read();
  if (mode === "idle") await stream.cancel();
}
const [near] = duplexPair();
serveOver(near, () => {});
for (const one of [...servers, ...connections]) one.unref();
if (mode === "ref") { for (const one of connections) one.ref(); }
if (mode === "server ref") { for (const one of servers) one.ref(); }
console.log("held");
