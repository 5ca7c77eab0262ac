/** Reads what the server of blocks sends, and counts. Argument: the server's port. */
import { answerCommands } from "../answer.ts";
import type { Command, Reply } from "../commands.ts";

const BLOCK_BYTES = 64 * 1024;

async function answer(command: Command): Promise<Reply> {
  if (command.do !== "stream") throw new Error("raw TCP has no such command");
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: Number(Deno.args[0]) });
  conn.setNoDelay(true);
  const request = new Uint8Array(4);
  new DataView(request.buffer).setUint32(0, command.ms);
  const started = performance.now();
  await conn.write(request);
  const block = new Uint8Array(BLOCK_BYTES);
  let bytes = 0;
  for (let size = await conn.read(block); size !== null; size = await conn.read(block)) bytes += size;
  conn.close();
  return { count: bytes / BLOCK_BYTES, seconds: (performance.now() - started) / 1000 };
}

await answerCommands({}, answer);
