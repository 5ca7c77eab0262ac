import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  connect,
  type Connection,
  connectOver,
  type ConnListener,
  type Handler,
  serve,
  serveOver,
} from "../../mod.ts";
import { bytes, string } from "../support/codecs.ts";
import { connectTo, serveLocally } from "../support/loopback.ts";
import { duplexPair } from "../support/pair.ts";
import { messageOf, rejection, rejectionText } from "../support/rejection.ts";

const TARGET = { service: "TestService", method: "Echo" };
const echo: Handler = ({ readable, writable }) => readable.pipeTo(writable);

/** What comes back for one message, over and back. */
async function echoed(connection: Connection, message = "hello"): Promise<string> {
  const { readable, writable } = connection.openStream(TARGET);
  const writer = writable.getWriter();
  await writer.write(bytes(message));
  await writer.close();
  return string((await Array.fromAsync(readable))[0]);
}

/** A handler that tells where its stream came from. */
function telling(): { handler: Handler; addr: Promise<Deno.Addr | undefined> } {
  const { promise, resolve } = Promise.withResolvers<Deno.Addr | undefined>();
  return { handler: ({ remoteAddr }) => resolve(remoteAddr), addr: promise };
}

async function socketPath(use: (path: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "ttstream-" });
  try {
    await use(`${directory}/socket`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("TCP: port 0 takes a free port, onListen and addr tell which", async () => {
  let told: Deno.NetAddr | undefined;
  await using server = serve(
    { port: 0, hostname: "127.0.0.1", onListen: (addr) => void (told = addr) },
    echo,
  );
  assertEquals(told, server.addr);
  assert(server.addr.port > 0);
  assertEquals(server.addr.hostname, "127.0.0.1");
  await using connection = await connect({ port: server.addr.port });
  assertEquals(await echoed(connection), "hello");
});

Deno.test("TCP: remoteAddr is the client's address", async () => {
  const { handler, addr } = telling();
  await using server = serveLocally(handler);
  await using connection = await connectTo(server);
  await connection.openStream(TARGET).trailer;
  const remoteAddr = await addr;
  assert(remoteAddr?.transport === "tcp");
  assertEquals(remoteAddr.hostname, "127.0.0.1");
  assert(remoteAddr.port > 0 && remoteAddr.port !== server.addr.port);
});

Deno.test("TCP: over IPv6, by address", async () => {
  await using server = serve({ port: 0, hostname: "::1" }, echo);
  await using connection = await connect({ hostname: "::1", port: server.addr.port });
  assertEquals(await echoed(connection), "hello");
});

Deno.test("TCP: by name", async () => {
  await using server = serveLocally(echo);
  await using connection = await connect({ hostname: "localhost", port: server.addr.port });
  assertEquals(await echoed(connection), "hello");
});

/** A port on which nobody listens: somebody just did. */
async function freePort(hostname: string): Promise<number> {
  const server = serve({ port: 0, hostname }, echo);
  await server.shutdown();
  return server.addr.port;
}

for (
  const [hostname, shown] of [["127.0.0.1", "127.0.0.1"], ["::1", "[::1]"], [undefined, "127.0.0.1"]] as const
) {
  Deno.test(`a refused connect to ${hostname ?? "no hostname"} names the address and what the system said`, async () => {
    const port = await freePort(hostname ?? "127.0.0.1");
    const error = await rejection(connect({ hostname, port }));
    assert(messageOf(error).startsWith(`cannot connect to ${shown}:${port}: Connection refused`));
    assert(error instanceof Error && error.cause instanceof Deno.errors.ConnectionRefused);
  });
}

Deno.test("a connect with an aborted signal rejects with its reason, and names the address", async () => {
  await using server = serveLocally(echo);
  const { port } = server.addr;
  const reason = new Error("no time");
  const error = await rejection(connect({ port, signal: AbortSignal.abort(reason) }));
  assertEquals(messageOf(error), `cannot connect to 127.0.0.1:${port}: no time`);
  assert(error instanceof Error && error.cause === reason);
  const abort = await rejection(connect({ port, signal: AbortSignal.abort() }));
  assert(abort instanceof DOMException && abort.name === "AbortError");
});

Deno.test("a signal that aborts after the connect does not touch the connection", async () => {
  await using server = serveLocally(echo);
  const controller = new AbortController();
  await using connection = await connect({ port: server.addr.port, signal: controller.signal });
  controller.abort();
  assertEquals(await echoed(connection), "hello");
});

Deno.test("a port that is none is refused by connect and serve", async () => {
  for (const port of [-1, 1.5, 65_536, NaN]) {
    await assertRejects(() => connect({ port }), RangeError, `from 1 to 65535, got ${port}`);
    assertThrows(() => serve({ port }, echo), RangeError, `from 0 to 65535, got ${port}`);
  }
  await assertRejects(() => connect({ port: 0 }), RangeError, "from 1 to 65535, got 0");
});

Deno.test("a port in use is what the system says of it", async () => {
  await using server = serveLocally(echo);
  assertThrows(() => serve(server.addr, echo), Deno.errors.AddrInUse);
});

Deno.test("an onListen that throws closes the listener again", async () => {
  let port = 0;
  const onListen = (addr: Deno.NetAddr) => {
    port = addr.port;
    throw new Error("not here");
  };
  assertThrows(() => serve({ port: 0, hostname: "127.0.0.1", onListen }, echo), Error, "not here");
  await using server = serve({ port, hostname: "127.0.0.1" }, echo);
  assertEquals(server.addr.port, port);
});

Deno.test("Unix: messages go both ways, and the addresses are the socket's", async () => {
  await socketPath(async (path) => {
    const { handler, addr } = telling();
    await using server = serve({ path }, (stream) => {
      handler(stream);
      return echo(stream);
    });
    assertEquals(server.addr, { transport: "unix", path });
    await using connection = await connect({ path });
    assertEquals(await echoed(connection), "hello");
    assertEquals((await addr)?.transport, "unix");
  });
});

Deno.test("Unix: a large message, and many streams", async () => {
  await socketPath(async (path) => {
    await using _server = serve({ path }, echo);
    await using connection = await connect({ path });
    const large = "x".repeat(3 * 1024 * 1024);
    const messages = [large, ...Array.from({ length: 100 }, (_, i) => `message ${i}`)];
    assertEquals(await Promise.all(messages.map((message) => echoed(connection, message))), messages);
  });
});

Deno.test("Unix: a connect where nobody listens names the path", async () => {
  await socketPath(async (path) => {
    const message = await rejectionText(connect({ path }));
    assert(message.startsWith(`cannot connect to ${path}: No such file or directory`), message);
  });
});

Deno.test("Unix: a signal ends the wait for the connect", async () => {
  await socketPath(async (path) => {
    await using _server = serve({ path }, echo);
    const message = await rejectionText(connect({ path, signal: AbortSignal.abort("not now") }));
    assertEquals(message, `cannot connect to ${path}: not now`);
  });
});

Deno.test("a listener of one's own: the server closes it", async () => {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const server = serve({ listener }, echo);
  const connection = await connect({ port: server.addr.port });
  assertEquals(await echoed(connection), "hello");
  await connection.close();
  await server.shutdown();
  await assertRejects(() => listener.accept(), Deno.errors.BadResource);
});

Deno.test("a listener that its owner closes finishes the server once its streams have ended", async () => {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const server = serve({ listener }, echo);
  const connection = await connect({ port: server.addr.port });
  const { readable, writable } = connection.openStream(TARGET);
  const writer = writable.getWriter();
  await writer.write(bytes("before"));
  const reader = readable.getReader();
  await reader.read();
  listener.close();
  await writer.write(bytes("after"));
  assertEquals(string((await reader.read()).value), "after");
  await writer.close();
  assertEquals((await reader.read()).done, true);
  await server.finished;
  await server.shutdown();
});

Deno.test("a listener that is none of Deno's will do", async () => {
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  const inner = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  let accepted = 0;
  const listener: ConnListener<Deno.NetAddr> = {
    addr: inner.addr,
    async accept() {
      const conn = await inner.accept();
      accepted++;
      return conn;
    },
    close() {
      inner.close();
      close();
    },
  };
  const server = serve({ listener }, echo);
  const connection = await connect({ port: server.addr.port });
  assertEquals(await echoed(connection), "hello");
  await connection.close();
  await server.shutdown();
  await closed;
  assertEquals(accepted, 1);
});

Deno.test("in memory: there is no remoteAddr", async () => {
  const [clientEnd, serverEnd] = duplexPair();
  const { handler, addr } = telling();
  const serving = serveOver(serverEnd, handler);
  const connection = connectOver(clientEnd);
  await connection.openStream(TARGET).trailer;
  assertEquals(await addr, undefined);
  await connection.close();
  await serving.finished;
});

Deno.test("a locked duplex is refused by connectOver and serveOver", () => {
  const [clientEnd, serverEnd] = duplexPair();
  clientEnd.readable.getReader();
  serverEnd.writable.getWriter();
  assertThrows(() => connectOver(clientEnd), TypeError);
  assertThrows(() => serveOver(serverEnd, echo), TypeError);
});

Deno.test("connectOver over a Deno.Conn of one's own", async () => {
  await using server = serveLocally(echo);
  const { hostname, port } = server.addr;
  const connection = connectOver(await Deno.connect({ hostname, port }), { serviceName: "ServiceA" });
  assertEquals(await echoed(connection), "hello");
  await connection.close();
});

Deno.test("serveOver over a Deno.Conn of one's own", async () => {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const connecting = connect({ port: listener.addr.port });
  const serving = serveOver(await listener.accept(), echo);
  const connection = await connecting;
  assertEquals(await echoed(connection), "hello");
  await connection.close();
  await serving.finished;
});

Deno.test("a duplex that gives something else than bytes fails its connection alone", async () => {
  const strange: ReadableStream<Uint8Array> = ReadableStream.from(JSON.parse('["text"]'));
  const { writable } = new TransformStream<Uint8Array, Uint8Array>();
  const connection = connectOver({ readable: strange, writable });
  const message = await rejectionText(connection.closed);
  const text = "the duplex's readable must give Uint8Arrays, got string";
  assertEquals(message, `[ttstream error, code=12006] ${text}`);
});
