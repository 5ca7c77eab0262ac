// How much a server's process grows by for each byte that it holds of messages that are not whole.
import { serveOver } from "../../mod.ts";
import { Flag, FrameType } from "../../src/http2/frame.ts";
import { grpc } from "../../src/grpc/mod.ts";
import { message, RawClient, request } from "../grpc/raw_client.ts";
import { frame } from "../http2/wire.ts";
import { aborted } from "../support/events.ts";
import { duplexPair } from "../support/pair.ts";

const MIB = 1024 * 1024;
const STREAMS = 200;
const FRAME_BYTES = 16 * 1024;
/** The last of them goes beyond the next power of 2, where room that doubles is the largest. */
const FRAMES = 8;

const gc: unknown = Reflect.get(globalThis, "gc");
if (typeof gc !== "function") throw new Error("run with --v8-flags=--expose-gc");
const collect = gc;

async function externalBytes(): Promise<number> {
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    collect();
  }
  return Deno.memoryUsage().external;
}

const [near, far] = duplexPair();
const { finished } = serveOver(far, async ({ signal }) => void await aborted(signal), {
  protocols: [grpc({ connectionWindowBytes: 64 * MIB })],
});
const client = await RawClient.start(near);
await client.line(/^WINDOW_UPDATE \d/);
const ids = Array.from({ length: STREAMS }, (_, index) => 2 * index + 1);
await client.send(...ids.map((id) => request(id)));
const before = await externalBytes();
let sent = 0;
for (const id of ids) {
  await client.send(message(id, new Uint8Array(FRAME_BYTES), { length: MIB }));
  sent += FRAME_BYTES;
}
for (let i = 1; i <= FRAMES; i++) {
  const zeros = new Uint8Array(FRAME_BYTES);
  for (const id of ids) {
    await client.send(frame(FrameType.DATA, Flag.NONE, id, zeros));
    sent += zeros.length;
  }
}
await client.send(frame(FrameType.PING, Flag.NONE, 0, new Uint8Array(8)));
await client.line(/^PING/);
console.log(JSON.stringify({ sent, held: await externalBytes() - before }));
await client[Symbol.asyncDispose]();
await finished.catch(() => {
  // The client has hung up.
});
