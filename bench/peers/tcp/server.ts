/** What Deno's sockets can do: a server that writes blocks for as long as the client asks. */
import { answerCommands } from "../answer.ts";

const BLOCK_BYTES = 64 * 1024;

const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });

async function accept(): Promise<void> {
  for await (const conn of listener) serve(conn);
}

async function serve(conn: Deno.TcpConn): Promise<void> {
  conn.setNoDelay(true);
  const request = new Uint8Array(4);
  await conn.read(request);
  const ms = new DataView(request.buffer).getUint32(0);
  const block = new Uint8Array(BLOCK_BYTES);
  for (const until = performance.now() + ms; performance.now() < until;) {
    for (let sent = 0; sent < block.length;) sent += await conn.write(block.subarray(sent));
  }
  conn.close();
}

accept();
await answerCommands({ port: listener.addr.port }, () => {
  throw new Error("a server has no such command");
});
