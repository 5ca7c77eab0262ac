/** A server that reads, answers nothing, and takes down when which Rst frame came. */
import { FrameDecoder } from "../../../src/ttheader/frame_decoder.ts";
import { FrameType } from "../../../src/ttheader/frame.ts";
import { answerCommands, wallMs } from "../answer.ts";

const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
const seen: [number, number][] = [];
let live = 0;

async function accept(): Promise<void> {
  for await (const conn of listener) watch(conn);
}

async function watch(conn: Deno.TcpConn): Promise<void> {
  const decoder = new FrameDecoder(1024 * 1024);
  for (;;) {
    const chunk = new Uint8Array(16 * 1024);
    const size = await conn.read(chunk);
    const at = wallMs();
    if (size === null) return;
    decoder.push(chunk.subarray(0, size));
    for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) {
      if (frame.type === FrameType.Header) live++;
      if (frame.type === FrameType.Rst) seen.push([frame.streamId, at]);
    }
  }
}

accept();
await answerCommands({ port: listener.addr.port }, ({ do: what }) => {
  if (what === "resets") return { seen: seen.splice(0) };
  if (what === "live") return { live };
  throw new Error("the watcher has no such command");
});
