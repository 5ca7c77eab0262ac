/** The same bytes with no protocol around them: what Deno's sockets can do. Argument: the server's port. */
import { answerCommands, each } from "../answer.ts";
import { type Command, payloadBytes, type Reply } from "../commands.ts";
import { BLOCK_BYTES, ECHO, SEND } from "./orders.ts";

/** About what the frames around the messages of a short stream take. */
const HEADER_FRAME_BYTES = 50;
const TRAILER_FRAME_BYTES = 34;

async function answer(command: Command): Promise<Reply> {
  switch (command.do) {
    case "stream":
      return await receiveAll(command.ms);
    case "pingPong":
      return await exchange(command.ms, [payloadBytes(command.size)]);
    case "openClose":
      return await exchange(command.ms, [
        HEADER_FRAME_BYTES + payloadBytes(command.size),
        TRAILER_FRAME_BYTES,
      ]);
    default:
      throw new Error("raw TCP has no such command");
  }
}

/** Reads what the server of blocks sends, and counts. */
async function receiveAll(ms: number): Promise<Reply> {
  const conn = await open(SEND, ms);
  const started = performance.now();
  const block = new Uint8Array(BLOCK_BYTES);
  let bytes = 0;
  for (let size = await conn.read(block); size !== null; size = await conn.read(block)) bytes += size;
  conn.close();
  return { count: bytes / BLOCK_BYTES, seconds: (performance.now() - started) / 1000 };
}

/** Round trips of these sizes, one after the other; all of them together count as one. */
async function exchange(ms: number, sizes: readonly number[]): Promise<Reply> {
  const conn = await open(ECHO, ms);
  const messages = sizes.map((size) => new Uint8Array(size));
  const block = new Uint8Array(BLOCK_BYTES);
  const reply = await each(1, async (_, tookMs) => {
    let count = 0;
    for (let sent = performance.now(), until = sent + ms; sent < until; count++) {
      for (const message of messages) {
        await conn.write(message);
        for (let got = 0; got < message.length;) {
          const size = await conn.read(block);
          if (size === null) throw new Error("the server has hung up");
          got += size;
        }
      }
      const received = performance.now();
      tookMs.push(received - sent);
      sent = received;
    }
    return count;
  });
  conn.close();
  return reply;
}

async function open(order: number, ms: number): Promise<Deno.TcpConn> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: Number(Deno.args[0]) });
  conn.setNoDelay(true);
  const request = new Uint8Array(5);
  request[0] = order;
  new DataView(request.buffer).setUint32(1, ms);
  await conn.write(request);
  return conn;
}

await answerCommands({}, answer);
