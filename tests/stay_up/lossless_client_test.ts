/** What a client has written, its last Rst too, gets to a server that reads late, however the client goes. */
import { assert, assertEquals } from "@std/assert";
import { connect, type Connection } from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { exceptionOf, WirePeer } from "../support/wire_peer.ts";

const TARGET = { service: "Test", method: "Echo" };
const MESSAGE = new Uint8Array(1024 * 1024);
const hostname = "127.0.0.1";
const tls = new URL("../data/tls/", import.meta.url);
const [cert, key, ca] = await Promise.all(
  ["localhost.pem", "localhost-key.pem", "ca.pem"].map((name) => Deno.readTextFile(new URL(name, tls))),
);
assert(cert && key && ca);
const caCerts = [ca];

/** A listener and a way to it. */
interface Transport {
  listen(): { accept(): Promise<Deno.Conn>; close(): void; connect(): Promise<Connection> };
}

const transports: Record<string, Transport> = {
  TCP: {
    listen() {
      const listener = Deno.listen({ hostname, port: 0 });
      const connectTo = () => connect({ hostname, port: listener.addr.port });
      return { accept: () => listener.accept(), close: () => listener.close(), connect: connectTo };
    },
  },
  TLS: {
    listen() {
      const listener = Deno.listenTls({ hostname, port: 0, cert, key });
      const connectTo = () => connect({ hostname, port: listener.addr.port, tls: { caCerts } });
      const accept = async () => {
        const conn = await listener.accept();
        await conn.handshake();
        return conn;
      };
      return { accept, close: () => listener.close(), connect: connectTo };
    },
  },
  "a Unix socket": {
    listen() {
      const path = `${Deno.makeTempDirSync()}/s`;
      const listener = Deno.listen({ transport: "unix", path });
      return {
        accept: () => listener.accept(),
        close: () => listener.close(),
        connect: () => connect({ path }),
      };
    },
  },
};

/** Everything that has got to the server by the end: bytes of messages, and what the last frames say. */
async function readAll(peer: WirePeer): Promise<{ dataBytes: number; ends: string[] }> {
  let dataBytes = 0;
  const ends: string[] = [];
  for (let frame = await peer.next(); frame !== undefined; frame = await peer.next()) {
    if (frame.type === FrameType.Data) dataBytes += frame.payload.length;
    if (frame.type === FrameType.Rst) ends.push(`Rst ${exceptionOf(frame).type}`);
    if (frame.type === FrameType.Trailer) ends.push("Trailer");
  }
  return { dataBytes, ends };
}

/** Uploads as much as goes out at once. @returns The bytes that were taken, and whether more is queued. */
async function upload(connection: Connection): Promise<number> {
  const stream = connection.openStream(TARGET);
  let sent = 0;
  for (;;) {
    const sending = stream.send(MESSAGE).then(() => true, () => false);
    const waited = new Promise<false>((resolve) => setTimeout(resolve, 100, false));
    if (!await Promise.race([sending, waited])) return sent;
    sent += MESSAGE.length;
  }
}

for (const [name, { listen }] of Object.entries(transports)) {
  Deno.test(`client: the end of its scope loses nothing of an upload over ${name}, nor the Rst behind it`, async () => {
    const listener = listen();
    const [connection, conn] = await Promise.all([listener.connect(), listener.accept()]);
    const peer = new WirePeer(conn);
    const sent = await upload(connection);
    assert(sent > 0);
    // The server answers meanwhile: a socket that is closed with bytes unread is reset, and its queue thrown away.
    await peer.send({ type: FrameType.Header }, { type: FrameType.Data });
    const disposed = connection[Symbol.asyncDispose]();
    await peer.send({ type: FrameType.Data });
    await new Promise((resolve) => setTimeout(resolve, 50));
    assertEquals(await readAll(peer), { dataBytes: sent, ends: ["Rst 12007", "Trailer"] });
    await peer.close();
    await disposed;
    listener.close();
  });

  Deno.test(`client: close() loses nothing of an upload over ${name} that has ended`, async () => {
    const listener = listen();
    const [connection, conn] = await Promise.all([listener.connect(), listener.accept()]);
    const peer = new WirePeer(conn);
    const stream = connection.openStream(TARGET);
    const writer = stream.writable.getWriter();
    const writes = [1, 2, 3].map(() => writer.write(MESSAGE));
    await peer.send({ type: FrameType.Header });
    await stream.header;
    const closed = connection.close({ graceMs: 150 });
    await peer.send({ type: FrameType.Data });
    await new Promise((resolve) => setTimeout(resolve, 200));
    const { dataBytes, ends } = await readAll(peer);
    assertEquals(ends.slice(0, 1), ["Rst 12007"]);
    const taken = (await Promise.allSettled(writes)).filter(({ status }) => status === "fulfilled").length;
    assert(dataBytes >= taken * MESSAGE.length, `${dataBytes} bytes of ${taken} messages`);
    await peer.close();
    await closed;
    listener.close();
  });
}
