/** Half a TLS hello is not kept for ever, nor half of anything else. */
import { assert, assertEquals } from "@std/assert";
import { connect, type ConnectionInfo, serve, type ServeTcpOptions } from "../../mod.ts";
import { fromHex } from "../support/hex.ts";
import { messageOf, rejection } from "../support/rejection.ts";

const hostname = "127.0.0.1";
const tls = new URL("../data/tls/", import.meta.url);
const [cert, key, ca] = await Promise.all(
  ["localhost.pem", "localhost-key.pem", "ca.pem"].map((name) => Deno.readTextFile(new URL(name, tls))),
);
assert(cert && key && ca);
const caCerts = [ca];

/** What a client may send of a hello. */
const beginnings: Record<string, string> = {
  "nothing": "",
  "the first byte of a hello": "16",
  "half a hello": "1603010200 010001fc0303 0000000000000000",
};

function serveTls(options: Partial<ServeTcpOptions>) {
  return serve({ hostname, port: 0, cert, key, ...options }, (stream) => stream.sendAll(stream.readable));
}

for (const [what, hex] of Object.entries(beginnings)) {
  Deno.test(`server: a client that sends ${what} is told of after frameTimeoutMs, and others are served meanwhile`, async () => {
    const told: [unknown, ConnectionInfo | undefined][] = [];
    const first = Promise.withResolvers<void>();
    await using server = serveTls({
      frameTimeoutMs: 150,
      onConnectionError: (error, info) => {
        told.push([error, info]);
        first.resolve();
      },
    });
    const { port } = server.addr;
    const began = performance.now();
    const conn = await Deno.connect({ hostname, port });
    if (hex !== "") await conn.write(fromHex(hex));
    await using connection = await connect({ hostname, port, tls: { caCerts } });
    const stream = connection.openStream({ service: "Test", method: "Echo" });
    await stream.send(new Uint8Array(3));
    assertEquals((await stream.readable.getReader().read()).value?.length, 3);
    await stream.cancel();
    await first.promise;
    const took = performance.now() - began;
    assert(took > 100 && took < 5_000, `${took} ms`);
    conn.close();
    await server.shutdown();
    assertEquals(told.map(([error]) => messageOf(error)), ["the TLS handshake was not done after 150 ms"]);
    assertEquals(told[0]?.[1]?.remoteAddr.transport, "tcp");
  });
}

Deno.test("server: a hello in bits is told of all the same: the time counts from accept", async () => {
  const told = Promise.withResolvers<unknown>();
  await using server = serveTls({ frameTimeoutMs: 150, onConnectionError: told.resolve });
  const conn = await Deno.connect({ hostname, port: server.addr.port });
  let over = false;
  told.promise.then(() => over = true);
  for (const byte of fromHex("1603010200 010001fc0303" + "00".repeat(300))) {
    if (over) break;
    await conn.write(Uint8Array.of(byte));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assertEquals(over, true);
  conn.close();
});

Deno.test("server: half a hello holds its place among maxConnections until its client has gone, and no longer", async () => {
  let told = Promise.withResolvers<unknown>();
  await using server = serveTls({
    frameTimeoutMs: 50,
    maxConnections: 1,
    onConnectionError: (error) => told.resolve(error),
  });
  const { port } = server.addr;
  const conn = await Deno.connect({ hostname, port });
  await conn.write(fromHex("160301"));
  assertEquals(messageOf(await told.promise), "the TLS handshake was not done after 50 ms");
  told = Promise.withResolvers();
  // Deno still shakes hands with one that is closed at once.
  const refused = await connect({ hostname, port, tls: { caCerts } });
  await rejection(refused.closed);
  assertEquals(messageOf(await told.promise), "too many connections: the limit is 1");
  conn.close();
  for (let echoed = false; !echoed;) {
    await using connection = await connect({ hostname, port, tls: { caCerts } });
    const stream = connection.openStream({ service: "Test", method: "Echo" });
    stream.send(new Uint8Array(3));
    echoed = await stream.readable.getReader().read().then(() => true, () => false);
  }
});

Deno.test("server: shutdown does not wait for half a hello", async () => {
  await using server = serveTls({ onConnectionError: () => {} });
  const conn = await Deno.connect({ hostname, port: server.addr.port });
  await conn.write(fromHex("160301"));
  // Another one's handshake: the first has been accepted by then.
  await using _connection = await connect({ hostname, port: server.addr.port, tls: { caCerts } });
  await server.shutdown({ graceMs: 3_600_000 });
  conn.close();
});
