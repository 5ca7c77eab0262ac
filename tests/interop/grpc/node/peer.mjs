/**
 * `node peer.mjs LIBRARY server PORT` serves until SIGTERM, which it obeys gracefully; `node peer.mjs LIBRARY client
 * HOST:PORT CASE ID` plays a case; `node peer.mjs LIBRARY calls HOST:PORT COUNT` makes so many unary calls and prints a
 * line, then waits with one open stream until that has ended, and tells how; with `close` behind it ends it by itself. LIBRARY is grpc-js or connect.
 */
import { CASES } from "./cases.mjs";

const [, , library, role, target, name, id] = process.argv;
const { openClient, serve } = await import(library === "connect" ? "./connect.mjs" : "./grpc_js.mjs");

if (role === "server") {
  const server = await serve(Number(target));
  process.on("SIGTERM", () => {
    setTimeout(() => process.exit(0), 3_000).unref();
    server.shutdown().then(() => process.exit(0));
  });
  console.log(`listening on 127.0.0.1:${server.port}`);
} else if (role === "calls") {
  const client = openClient(target, { kitex: true });
  for (let i = 0; i < Number(name); i++) await client.unary("emptyCall", {});
  const close = id === "close";
  const stream = client.open("fullDuplexCall");
  stream.send({ responseParameters: [{ size: 10 }] });
  await stream.next();
  console.log("called");
  if (close) stream.end();
  const end = await stream.next().then(() => "well", ({ code, message }) => `with ${code} ${message}`);
  console.log(`the stream ended ${end}`);
  client.close();
  process.exitCode = close && end !== "well" ? 1 : 0;
  setTimeout(() => process.exit(), 200); // so that a GOAWAY has left
} else {
  const run = CASES[name];
  if (run === undefined) throw new Error(`no case ${name}`);
  const client = openClient(target, { gzip: name === "gzip_both_ways" });
  await run(client, id);
  client.close();
  process.exit(0);
}
