/** What Deno's sockets can do: a server that writes blocks for as long as the client asks, or sends back what comes. */
import { answerCommands } from "../answer.ts";
import { BLOCK_BYTES, ECHO } from "./orders.ts";

const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });

async function accept(): Promise<void> {
  for await (const conn of listener) serve(conn);
}

async function serve(conn: Deno.TcpConn): Promise<void> {
  conn.setNoDelay(true);
  const request = new Uint8Array(5);
  await conn.read(request);
  if (request[0] === ECHO) await echo(conn);
  else await send(conn, new DataView(request.buffer).getUint32(1));
  conn.close();
}

async function send(conn: Deno.TcpConn, ms: number): Promise<void> {
  const block = new Uint8Array(BLOCK_BYTES);
  for (const until = performance.now() + ms; performance.now() < until;) await writeAll(conn, block);
}

async function echo(conn: Deno.TcpConn): Promise<void> {
  const block = new Uint8Array(BLOCK_BYTES);
  for (let size = await conn.read(block); size !== null; size = await conn.read(block)) {
    await writeAll(conn, block.subarray(0, size));
  }
}

async function writeAll(conn: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await conn.write(bytes.subarray(sent));
}

accept();
await answerCommands({ port: listener.addr.port }, () => {
  throw new Error("a server has no such command");
});
