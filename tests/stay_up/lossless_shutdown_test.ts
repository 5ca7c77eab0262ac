/** What handlers have written gets to clients that read late, however the server goes. */
import { assert, assertEquals } from "@std/assert";
import { type Handler, serve, type ServeOverOptions, type Server } from "../../mod.ts";
import { opened } from "../support/socket_queue.ts";

const MESSAGES = 60;
const MESSAGE_BYTES = 64 * 1024;
const ALL = MESSAGES * MESSAGE_BYTES;
const QUIET = { onError: () => {}, onConnectionError: () => {} };
const hostname = "127.0.0.1";
const tls = new URL("../data/tls/", import.meta.url);
const [cert, key, ca] = await Promise.all(
  ["localhost.pem", "localhost-key.pem", "ca.pem"].map((name) => Deno.readTextFile(new URL(name, tls))),
);
assert(cert && key && ca);

/** Those that do not depend on the kind of address. */
type Options = ServeOverOptions & { onConnectionError?: (error: unknown) => void };

interface Transport {
  serve(handler: Handler, options?: Options): Server;
  dial(addr: Deno.Addr): Promise<Deno.Conn>;
}

function net(addr: Deno.Addr): Deno.NetAddr {
  assert(addr.transport === "tcp");
  return addr;
}

const transports: Record<string, Transport> = {
  TCP: {
    serve: (handler, options) => serve({ ...options, hostname, port: 0 }, handler),
    dial: (addr) => Deno.connect({ hostname, port: net(addr).port }),
  },
  TLS: {
    serve: (handler, options) => serve({ ...options, hostname, port: 0, cert, key }, handler),
    dial: (addr) => Deno.connectTls({ hostname, port: net(addr).port, caCerts: [ca] }),
  },
  "a Unix socket": {
    serve: (handler, options) => serve({ ...options, path: Deno.makeTempDirSync() + "/s" }, handler),
    dial: (addr) => {
      assert(addr.transport === "unix");
      return Deno.connect({ transport: "unix", path: addr.path });
    },
  },
};

/** Writes all, every write awaited. */
function writer(written: () => void, begun: () => void = () => {}): Handler {
  return async (stream) => {
    begun();
    for (let i = 0; i < MESSAGES; i++) await stream.send(new Uint8Array(MESSAGE_BYTES));
    written();
  };
}

/** Waits for the first of both. */
async function state(promise: Promise<unknown>): Promise<string> {
  return await Promise.race([
    promise.then(() => "over"),
    new Promise<string>((r) => setTimeout(r, 150, "waiting")),
  ]);
}

for (const [name, { serve, dial }] of Object.entries(transports)) {
  for (const meanwhile of [false, true]) {
    const more = meanwhile ? ", which sends one more frame meanwhile" : "";
    Deno.test(`server: shutdown over ${name} is over when a late reader has read all${more}`, async () => {
      const written = Promise.withResolvers<void>();
      const server = serve(writer(written.resolve));
      const client = await opened(() => dial(server.addr));
      // Over Unix sockets the system holds little: the handler itself may have to wait for the reader.
      await Promise.race([written.promise, new Promise((resolve) => setTimeout(resolve, 100))]);
      const shutdown = server.shutdown({ graceMs: 30_000 });
      if (meanwhile) await client.send();
      assertEquals(await state(shutdown), "waiting");
      assertEquals(await client.read(), { dataBytes: ALL, trailers: 1 });
      await shutdown;
    });
  }

  Deno.test(`server: shutdown over ${name} is over with the grace where nobody reads`, async () => {
    const begun = Promise.withResolvers<void>();
    const server = serve(writer(() => {}, begun.resolve), { ...QUIET });
    const client = await opened(() => dial(server.addr));
    await begun.promise;
    const began = performance.now();
    await server.shutdown({ graceMs: 100 });
    const took = performance.now() - began;
    assert(took >= 99 && took < 5_000, `${took} ms`);
    client.conn.close();
  });

  Deno.test(`server: a connection over ${name} that is idle for too long is closed behind what was written`, async () => {
    const written = Promise.withResolvers<void>();
    await using server = serve(writer(written.resolve), { idleTimeoutMs: 30 });
    const client = await opened(() => dial(server.addr));
    await Promise.race([written.promise, new Promise((resolve) => setTimeout(resolve, 50))]);
    await client.send();
    await new Promise((resolve) => setTimeout(resolve, 250));
    assertEquals(await client.read(), { dataBytes: ALL, trailers: 1 });
  });
}

/** Ways of a client to end its connection, or have it ended, that leave it reading. */
const farewells: Record<string, (conn: Deno.Conn) => Promise<void>> = {
  "says FIN": (conn) => conn.closeWrite(),
  "sends half a frame and no more": async (conn) => void await conn.write(new Uint8Array([0, 0, 0])),
  "sends what is no frame": async (conn) => void await conn.write(new Uint8Array(64)),
};

for (const [name, { serve, dial }] of Object.entries(transports)) {
  for (const [what, farewell] of Object.entries(farewells)) {
    // A TLS socket of Deno's does not read on behind its own FIN.
    if (name === "TLS" && what === "says FIN") continue;
    Deno.test(`server: a client over ${name} that ${what} still reads what its handler had written`, async () => {
      const written = Promise.withResolvers<void>();
      await using server = serve(async (stream) => {
        // More than the system takes, and it waits for nobody.
        const writer = stream.writable.getWriter();
        writer.write(new Uint8Array(ALL));
        writer.write(new Uint8Array(ALL));
        stream.readable.getReader().read();
        written.resolve();
        await writer.ready;
      }, { frameTimeoutMs: 100, ...QUIET });
      const client = await opened(() => dial(server.addr));
      await written.promise;
      await farewell(client.conn);
      await new Promise((resolve) => setTimeout(resolve, 200));
      const { dataBytes } = await client.read();
      assertEquals(dataBytes >= ALL, true, `${dataBytes} bytes`);
    });
  }
}
