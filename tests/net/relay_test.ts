/** A relay between two sockets: bytes, half closes, resets and back-pressure are what they would be without it. */
import { assertEquals, assertGreater, assertLess, assertMatch, assertRejects } from "@std/assert";
import net from "node:net";
import { relay, type RelayEnd, type RelayWatcher } from "../../src/net/relay.ts";

/** What a watcher was told. */
class Told implements RelayWatcher {
  readonly lines: string[] = [];
  readonly bytesOf: Record<RelayEnd, number> = { client: 0, server: 0 };
  readonly #over = Promise.withResolvers<void>();

  get whenOver(): Promise<void> {
    return this.#over.promise;
  }

  bytes(end: RelayEnd, chunk: Uint8Array): void {
    this.bytesOf[end] += chunk.length;
  }

  ended(end: RelayEnd, how: string): void {
    this.lines.push(`${end} ${how}`);
  }

  unreachable(error: Error): void {
    this.lines.push(`unreachable: ${error.message}`);
  }

  over(): void {
    this.lines.push("over");
    this.#over.resolve();
  }
}

/** A client and a server with a relay between them. Node's sockets at both ends, since they can reset. */
async function through(
  test: (client: net.Socket, server: net.Socket, told: Told) => Promise<void>,
): Promise<void> {
  const told = new Told();
  const accepted = Promise.withResolvers<net.Socket>();
  const listener = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }, accepted.resolve);
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const address = listener.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  const to = { hostname: "127.0.0.1", port: address.port };
  const open = await relay({ hostname: "127.0.0.1", port: 0, to, watch: () => told });
  const client = net.connect({ host: "127.0.0.1", port: open.port, allowHalfOpen: true });
  const server = await accepted.promise;
  try {
    await test(client, server, told);
  } finally {
    client.destroy();
    server.destroy();
    await told.whenOver;
    await open.close();
    await new Promise((resolve) => listener.close(resolve));
  }
}

/** All that comes until the peer half closes. */
async function readToEnd(socket: net.Socket): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.on("data", (chunk) => {
    if (typeof chunk !== "string") chunks.push(chunk);
  });
  socket.once("end", resolve);
  socket.once("error", reject);
  socket.resume();
  await promise;
  return new Uint8Array(await new Blob(chunks.map((chunk) => chunk.slice())).arrayBuffer());
}

Deno.test("bytes go through a relay unchanged, and each half close as one", async () => {
  await through(async (client, server, told) => {
    const request = crypto.getRandomValues(new Uint8Array(60_000));
    const response = crypto.getRandomValues(new Uint8Array(50_000));
    client.end(request);
    assertEquals(await readToEnd(server), request);
    assertEquals(told.lines, ["client closed"]);
    server.end(response);
    assertEquals(await readToEnd(client), response);
    await told.whenOver;
    assertEquals(told.lines, ["client closed", "server closed", "over"]);
    assertEquals(told.bytesOf, { client: 60_000, server: 50_000 });
  });
});

for (const end of ["client", "server"] as const) {
  Deno.test(`a reset by the ${end} is a reset for the other end, too`, async () => {
    await through(async (client, server, told) => {
      client.write("hello");
      const [one, other] = end === "client" ? [client, server] : [server, client];
      await new Promise((resolve) => server.once("data", resolve).resume());
      const rejected = assertRejects(() => readToEnd(other), Error, "ECONNRESET");
      one.resetAndDestroy();
      await rejected;
      await told.whenOver;
      assertEquals(told.lines, [`${end} reset`, "over"]);
    });
  });
}

Deno.test("a relay reads no faster than the other end takes", async () => {
  await through(async (client, server, told) => {
    const bytes = 64 * 1024 * 1024;
    const written = new Promise<void>((resolve) => client.end(new Uint8Array(bytes), resolve));
    // What the buffers of four sockets take comes at once, and then nothing more.
    for (let seen = -1; seen !== told.bytesOf.client || seen === 0;) {
      seen = told.bytesOf.client;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assertGreater(told.bytesOf.client, 0);
    assertLess(told.bytesOf.client, bytes / 2);
    assertEquals((await readToEnd(server)).length, bytes);
    await written;
  });
});

Deno.test("a server that cannot be reached is told, and the client is reset", async () => {
  const unused = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const to = { hostname: "127.0.0.1", port: unused.addr.port };
  unused.close();
  const told = new Told();
  const open = await relay({ hostname: "127.0.0.1", port: 0, to, watch: () => told });
  const client = net.connect(open.port, "127.0.0.1");
  await assertRejects(() => readToEnd(client), Error, "ECONNRESET");
  await told.whenOver;
  assertMatch(told.lines[0] ?? "", /^unreachable: .*ECONNREFUSED/);
  assertEquals(told.lines.slice(1), ["over"]);
  await open.close();
});

Deno.test("a relay that cannot listen says where", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  await assertRejects(
    () =>
      relay({ hostname: "127.0.0.1", port, to: { hostname: "127.0.0.1", port: 1 }, watch: () => new Told() }),
    Error,
    `cannot listen on 127.0.0.1:${port}: `,
  );
});

Deno.test("the end of a relay resets what is open", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const told = new Told();
  const to = { hostname: "127.0.0.1", port: listener.addr.port };
  const open = await relay({ hostname: "127.0.0.1", port: 0, to, watch: () => told });
  const client = net.connect(open.port, "127.0.0.1");
  const server = await listener.accept();
  client.write("x");
  await server.read(new Uint8Array(1));
  const rejected = assertRejects(() => readToEnd(client), Error, "ECONNRESET");
  await open.close();
  await rejected;
  await assertRejects(() => server.read(new Uint8Array(1)), Deno.errors.ConnectionReset);
  server.close();
  listener.close();
});
