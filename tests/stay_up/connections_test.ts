/** Which connections a server takes, for how long it keeps them, and what it says of those that go wrong. */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { connect, type ConnectionInfo, type Handler, serve, type ServerOptions } from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { CapturedErrors } from "../support/console.ts";
import { aborted } from "../support/events.ts";
import { connectTo, serveLocally } from "../support/loopback.ts";
import { messageOf, rejectionText } from "../support/rejection.ts";
import { ServerScript } from "../support/script.ts";
import { encodeFrames } from "../support/wire_peer.ts";
import { untyped } from "../support/untyped.ts";

const TARGET = { service: "Test", method: "Echo" };
const LOST = /^\[ttstream error, code=12006\] /;
const echo: Handler = (stream) => stream.sendAll(stream.readable);
const waits: Handler = ({ signal }) => aborted(signal).then(() => {});

type Told = [message: string, remoteAddr: Deno.NetAddr | undefined];

/** Keeps what the hook is told. */
function hook(told: Told[]): Pick<ServerOptions<Deno.NetAddr>, "onConnectionError"> {
  return { onConnectionError: (error, info) => told.push([messageOf(error), info?.remoteAddr]) };
}

/** A connection that has been used. */
async function used(server: Parameters<typeof connectTo>[0]) {
  const connection = await connectTo(server);
  const stream = connection.openStream(TARGET);
  await stream.send(new Uint8Array(1));
  await stream.cancel();
  return connection;
}

Deno.test("server: one connection over maxConnections is closed at once, the others go on, and a free place is taken", async () => {
  const told: Told[] = [];
  await using server = serveLocally(echo, { maxConnections: 2, ...hook(told) });
  const [first, second] = [await used(server), await used(server)];
  for (let i = 0; i < 3; i++) {
    const third = await connectTo(server);
    assertMatch(await rejectionText(third.closed), LOST);
  }
  // A row of refusals is one word, not a flood.
  assertEquals(told.map(([message]) => message), ["too many connections: the limit is 2"]);
  assertEquals(told[0]?.[1]?.hostname, "127.0.0.1");
  await first.close();
  for (;;) {
    const next = await connectTo(server);
    const stream = next.openStream(TARGET);
    const ok = await stream.send(new Uint8Array(1)).then(() => stream.header).then(() => true, () => false);
    next.abort();
    if (ok) break;
  }
  await second.close();
});

Deno.test("server: a handshake holds a place among maxConnections", async () => {
  const folder = new URL("../data/tls/", import.meta.url);
  const [cert, key] = await Promise.all(
    ["localhost.pem", "localhost-key.pem"].map((name) => Deno.readTextFile(new URL(name, folder))),
  );
  assert(cert && key);
  const listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert, key });
  const refused = Promise.withResolvers<string>();
  await using server = serve({
    listener,
    maxConnections: 1,
    onConnectionError: (error) => refused.resolve(messageOf(error)),
  }, echo);
  const { port } = server.addr;
  const silent = await Deno.connect({ hostname: "127.0.0.1", port });
  const other = await Deno.connect({ hostname: "127.0.0.1", port });
  assertEquals(await refused.promise, "too many connections: the limit is 1");
  silent.close();
  other.close();
});

Deno.test('server: onConnection sees each connection before anything is read, and "refuse" closes it', async () => {
  const seen: ConnectionInfo<Deno.NetAddr>[] = [];
  let called = 0;
  const told: Told[] = [];
  await using server = serveLocally(() => void called++, {
    ...hook(told),
    onConnection: (info) => {
      seen.push(info);
      return seen.length === 2 ? "refuse" : undefined;
    },
  });
  await using first = await connectTo(server);
  await first.openStream(TARGET).closed;
  const second = await connectTo(server);
  assertMatch(await rejectionText(second.openStream(TARGET).closed), LOST);
  await using third = await connectTo(server);
  await third.openStream(TARGET).closed;
  assertEquals(seen.map(({ connections }) => connections), [0, 1, 1]);
  assertEquals(seen.map(({ remoteAddr }) => remoteAddr.hostname), Array(3).fill("127.0.0.1"));
  // A refusal that was asked for is no error.
  assertEquals([called, told], [2, []]);
});

for (
  const [what, verdict] of [["true", true], ["a promise", Promise.resolve("refuse")], ["text", "no"]] as const
) {
  Deno.test(`server: onConnection that returns ${what} refuses, and the hook hears why`, async () => {
    const told: Told[] = [];
    await using server = serveLocally(echo, {
      ...hook(told),
      onConnection: () => untyped<undefined>(verdict),
    });
    const connection = await connectTo(server);
    assertMatch(await rejectionText(connection.closed), LOST);
    assertMatch(told[0]?.[0] ?? "", /^onConnection must return nothing or "refuse", got /);
  });
}

Deno.test("server: without onConnectionError what went wrong is printed in one line with the address", async () => {
  using errors = new CapturedErrors();
  await using server = serveLocally(echo, { maxConnections: 1 });
  await using first = await connectTo(server);
  const second = await connectTo(server);
  await rejectionText(second.closed);
  assertMatch(
    (await errors.count(1))[0] ?? "",
    /^ttstream: connection from 127\.0\.0\.1:\d+: too many connections: the limit is 1$/,
  );
  await first.close();
});

Deno.test("server: clients that come and go, cancel and hang up are nothing for onConnectionError", async () => {
  const told: Told[] = [];
  await using server = serveLocally(waits, hook(told));
  for (let i = 0; i < 3; i++) {
    const connection = await connectTo(server);
    await connection.openStream(TARGET).cancel();
    if (i === 0) await connection.close();
    else if (i === 1) connection.abort();
    else await connection[Symbol.asyncDispose]();
  }
  (await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port })).close();
  await server.shutdown();
  assertEquals(told, []);
});

Deno.test("server: a connection without streams is closed after idleTimeoutMs, one with a handler at work is not", async () => {
  const go = Promise.withResolvers<void>();
  await using server = serveLocally(async (stream) => {
    stream.sendHeader();
    await go.promise;
  }, { idleTimeoutMs: 60 });
  const [idle, busy] = [await connectTo(server), await connectTo(server)];
  const stream = busy.openStream(TARGET);
  await stream.header;
  const began = performance.now();
  assertMatch(await rejectionText(idle.closed), LOST);
  // And as long again, so that the other one would have been closed by now.
  await new Promise((resolve) => setTimeout(resolve, performance.now() - began + 200));
  go.resolve();
  await stream.closed;
  assertMatch(await rejectionText(busy.closed), LOST);
});

Deno.test("server: each stream begins the idle time anew, and a cancelled one's handler counts", async () => {
  const go = Promise.withResolvers<void>();
  await using server = serveLocally(async (stream) => {
    stream.sendHeader();
    if (stream.method === "Stubborn") await go.promise;
  }, { idleTimeoutMs: 150 });
  const connection = await connectTo(server);
  for (let i = 0; i < 5; i++) {
    await connection.openStream(TARGET).closed;
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  const stubborn = connection.openStream({ ...TARGET, method: "Stubborn" });
  await stubborn.header;
  await stubborn.cancel();
  await new Promise((resolve) => setTimeout(resolve, 300));
  await connection.openStream(TARGET).closed;
  go.resolve();
  assertMatch(await rejectionText(connection.closed), LOST);
});

Deno.test("server: an idle connection whose client reads nothing is not kept for ever", async () => {
  const written = Promise.withResolvers<void>();
  const counts: number[] = [];
  await using server = serveLocally(async (stream) => {
    await stream.send(new Uint8Array(12 * 1024 * 1024));
    written.resolve();
  }, { idleTimeoutMs: 30, onConnection: ({ connections }) => void counts.push(connections) });
  const { hostname, port } = server.addr;
  const conn = await Deno.connect({ hostname, port });
  await conn.write(encodeFrames({ type: FrameType.Header, metadata: { isn: "Test" } }));
  await written.promise;
  while (counts.length < 2 || counts.at(-1) !== 0) {
    (await Deno.connect({ hostname, port })).close();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  conn.close();
});

Deno.test("server: an idle connection over serveOver is closed as well, with a word before", async () => {
  await using script = new ServerScript(undefined, { idleTimeoutMs: 20 });
  const frame = await script.peer.expect(FrameType.Meta);
  assertEquals([frame.streamId, frame.metadata.size], [0, 1]);
  assertEquals(await script.peer.next(), undefined);
  await script.connection.finished;
});

for (const name of ["maxConnections", "idleTimeoutMs", "handlerTimeoutMs"]) {
  for (const value of [0, -1, NaN, "5", null]) {
    Deno.test(`server: ${name} ${Deno.inspect(value)} is refused, and nothing listens`, () => {
      const options = untyped<ServerOptions<Deno.NetAddr>>({ [name]: value });
      assertThrows(() => serveLocally(echo, options), RangeError, `${name} must be a positive`);
    });
  }
}

for (const name of ["onConnection", "onConnectionError", "onListen", "onError"]) {
  Deno.test(`server: ${name} that is no function is refused`, () => {
    const options = untyped<ServerOptions<Deno.NetAddr>>({ [name]: "log" });
    assertThrows(() => serveLocally(echo, options), TypeError, `${name} must be a function`);
  });
}

Deno.test("client: a server that does not answer a TLS hello costs connectTimeoutMs, and the error says so", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const accepted = listener.accept();
  const error = await connect({ port, tls: true, connectTimeoutMs: 50 }).catch((error) => error);
  assertEquals([error.name, error.message], [
    "TimeoutError",
    `cannot connect to 127.0.0.1:${port}: not connected after 50 ms`,
  ]);
  (await accepted).close();
});

for (const value of [0, -1, NaN, "5"]) {
  Deno.test(`client: connectTimeoutMs ${Deno.inspect(value)} is refused`, async () => {
    const text = await rejectionText(connect({ port: 9, connectTimeoutMs: untyped<number>(value) }));
    assertMatch(text, /^connectTimeoutMs must be a positive finite number of milliseconds/);
  });
}
