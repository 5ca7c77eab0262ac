import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  connect,
  type Connection,
  connectOver,
  type Handler,
  serve,
  type ServeTcpOptions,
} from "../../mod.ts";
import { bytes, string } from "../support/codecs.ts";
import { aborted } from "../support/events.ts";
import { messageOf, rejection, rejectionText } from "../support/rejection.ts";

const TARGET = { service: "TestService", method: "Echo" };
const hostname = "127.0.0.1";
const echo: Handler = ({ readable, writable }) => readable.pipeTo(writable);

const [ca, cert, key] = await Promise.all(
  ["ca.pem", "localhost.pem", "localhost-key.pem"].map((name) =>
    Deno.readTextFile(new URL(`../data/tls/${name}`, import.meta.url))
  ),
);
assert(ca && cert && key);
const caCerts = [ca];

function serveTls(handler: Handler, options: Partial<ServeTcpOptions> = {}) {
  return serve({ port: 0, hostname, cert, key, ...options }, handler);
}

async function echoed(connection: Connection, message = "hello"): Promise<string> {
  const { readable, writable } = connection.openStream(TARGET);
  const writer = writable.getWriter();
  await writer.write(bytes(message));
  await writer.close();
  return string((await Array.fromAsync(readable))[0]);
}

Deno.test("TLS: messages go both ways, to an address and to a name", async () => {
  await using server = serveTls(echo);
  const { port } = server.addr;
  for (const name of [hostname, "localhost"]) {
    await using connection = await connect({ hostname: name, port, tls: { caCerts } });
    assertEquals(await echoed(connection), "hello");
  }
});

Deno.test("TLS: remoteAddr is the client's address", async () => {
  const { promise, resolve } = Promise.withResolvers<Deno.Addr | undefined>();
  await using server = serveTls(({ remoteAddr }) => resolve(remoteAddr));
  await using connection = await connect({ port: server.addr.port, tls: { caCerts } });
  await connection.openStream(TARGET).trailer;
  const remoteAddr = await promise;
  assert(remoteAddr && "hostname" in remoteAddr);
  assertEquals(remoteAddr.hostname, hostname);
});

Deno.test("TLS: a large message, and many streams at once", async () => {
  await using server = serveTls(echo);
  await using connection = await connect({ port: server.addr.port, tls: { caCerts } });
  const messages = ["x".repeat(3 * 1024 * 1024), ...Array.from({ length: 100 }, (_, i) => `message ${i}`)];
  assertEquals(await Promise.all(messages.map((message) => echoed(connection, message))), messages);
});

Deno.test("TLS: a cancel reads the same as without", async () => {
  const started = Promise.withResolvers<void>();
  const end = Promise.withResolvers<unknown>();
  await using server = serveTls(async ({ signal }) => {
    started.resolve();
    end.resolve(await aborted(signal));
  });
  await using connection = await connect({
    port: server.addr.port,
    tls: { caCerts },
    serviceName: "ServiceA",
  });
  const stream = connection.openStream(TARGET);
  await started.promise;
  await stream.readable.cancel("enough");
  const text = "[ttstream error, code=12008] [server-side stream] [canceled path: ServiceA] enough";
  assertEquals(messageOf(await end.promise), text);
});

Deno.test("TLS: a listener of Deno.listenTls, with ALPN", async () => {
  const listener = Deno.listenTls({ port: 0, hostname, cert, key, alpnProtocols: ["ttheader"] });
  await using server = serve({ listener }, echo);
  const tls = { caCerts, alpnProtocols: ["ttheader"] };
  await using connection = await connect({ port: server.addr.port, tls });
  assertEquals(await echoed(connection), "hello");
});

Deno.test("TLS: a client that brings a certificate of its own", async () => {
  await using server = serveTls(echo);
  await using connection = await connect({ port: server.addr.port, tls: { caCerts, cert, key } });
  assertEquals(await echoed(connection), "hello");
});

Deno.test("TLS: connectOver over a Deno.connectTls of one's own", async () => {
  await using server = serveTls(echo);
  const conn = await Deno.connectTls({ hostname, port: server.addr.port, caCerts });
  const connection = connectOver(conn);
  assertEquals(await echoed(connection), "hello");
  await connection.close();
});

Deno.test("TLS: a certificate that is not trusted fails the connect, and names the address", async () => {
  await using server = serveTls(echo);
  const { port } = server.addr;
  const message = await rejectionText(connect({ port, tls: true }));
  assert(message.startsWith(`cannot connect to ${hostname}:${port}: invalid peer certificate`), message);
});

Deno.test("TLS: a certificate for another name fails the connect", async () => {
  await using server = serveTls(echo, { hostname: "127.0.0.2" });
  const { port } = server.addr;
  const message = await rejectionText(connect({ hostname: "127.0.0.2", port, tls: { caCerts } }));
  assert(message.startsWith(`cannot connect to 127.0.0.2:${port}: invalid peer certificate`), message);
});

Deno.test("TLS: a server that speaks something else fails the connect", async () => {
  using listener = Deno.listen({ port: 0, hostname });
  const { port } = listener.addr;
  const connecting = rejectionText(connect({ port, tls: { caCerts } }));
  using conn = await listener.accept();
  await conn.write(bytes("HTTP/1.1 400 Bad Request\r\n\r\n"));
  const message = await connecting;
  assert(message.startsWith(`cannot connect to ${hostname}:${port}: `), message);
});

Deno.test("TLS: a client that speaks no TLS is hung up on, and nobody else notices", async () => {
  await using server = serveTls(echo);
  const { port } = server.addr;
  await using good = await connect({ port, tls: { caCerts } });
  const plain = await connect({ port });
  await rejection(echoed(plain));
  await rejection(plain.closed);
  assertEquals(await echoed(good), "hello");
});

for (const own of [[], [cert, key]]) {
  const what = own.length > 0 ? "with a client's certificate" : "without a client's certificate";
  Deno.test(`TLS: a handshake that is given up holds nothing, ${what}`, async () => {
    using listener = Deno.listen({ port: 0, hostname });
    const { port } = listener.addr;
    const program = new URL("../programs/give_up_handshake.ts", import.meta.url).pathname;
    const command = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", program, String(port), ...own],
      stderr: "inherit",
    });
    const output = command.output();
    // The server takes the connection and says nothing until the program has ended.
    using _conn = await listener.accept();
    const { success, stdout } = await output;
    const text = `cannot connect to ${hostname}:${port}: The operation was aborted due to timeout\n`;
    assertEquals([success, string(stdout)], [true, text]);
  });
}

Deno.test("TLS: cert without key, and key without cert, throw TypeError", async () => {
  assertThrows(() => serve({ port: 0, cert }, echo), TypeError, "cert and key go together");
  assertThrows(() => serve({ port: 0, key }, echo), TypeError, "cert and key go together");
  for (const tls of [{ cert }, { key }]) {
    await assertRejects(() => connect({ port: 1, tls }), TypeError, "tls: cert and key go together");
  }
});
