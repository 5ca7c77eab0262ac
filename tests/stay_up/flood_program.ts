// A server whose one client sends frames that must be answered, and reads nothing; another client goes on undisturbed.
// Prints what came of it as JSON.
import { connect, serve, type Server } from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { encodeFrames, type FrameInit } from "../support/wire_peer.ts";

const [what = "", countText = "", frameTimeoutText = ""] = Deno.args;
const COUNT = Number(countText);
const BATCH = 1000;
/** There with `--expose-gc`. */
const gc: () => void = Reflect.get(globalThis, "gc");
const hostname = "127.0.0.1";
const frameTimeoutMs = Number(frameTimeoutText);

/** The frames of each flood, by their number. */
const floods: Record<string, (i: number) => FrameInit[]> = {
  "unknown methods": (
    i,
  ) => [{ type: FrameType.Header, streamId: i, method: "None", metadata: { isn: "Test" } }],
  "too many streams": (i) => [{ type: FrameType.Header, streamId: i, metadata: { isn: "Test", wait: "1" } }],
  "second Headers": (i) => [
    { type: FrameType.Header, streamId: i, metadata: { isn: "Test" } },
    { type: FrameType.Header, streamId: i, metadata: { isn: "Test" } },
  ],
  "handlers that return": (i) => [{ type: FrameType.Header, streamId: i, metadata: { isn: "Test" } }],
};

const errors: string[] = [];
const server: Server<Deno.NetAddr> = serve(
  { hostname, port: 0, frameTimeoutMs, maxStreams: 10, onError: () => {}, onConnectionError },
  async (stream) => {
    if (stream.method === "None") throw new Error("unknown method");
    if (stream.metadata.has("wait")) {
      await new Promise((resolve) => stream.signal.addEventListener("abort", resolve));
    } else await stream.readable.pipeTo(stream.writable).catch(() => {});
  },
);

function onConnectionError(error: unknown): void {
  errors.push(String(error));
}

const witness = await connect({ hostname, port: server.addr.port });
const echo = witness.openStream({ service: "Test", method: "Echo" });
const reader = echo.readable.getReader();
const writer = echo.writable.getWriter();

/** How long, in milliseconds, the other client's round trip takes. */
async function roundTrip(): Promise<number> {
  const began = performance.now();
  await writer.write(new Uint8Array(10));
  await reader.read();
  return performance.now() - began;
}
await roundTrip();

const conn = await Deno.connect({ hostname, port: server.addr.port });
const flood = floods[what];
if (flood === undefined) throw new Error(`no such flood: ${what}`);
/** All batches are made before anything is measured. */
const first = encodeFrames(...Array.from({ length: BATCH }, (_, i) => flood(i + 1)).flat());

/** What is kept, in bytes. */
function kept(): number {
  gc();
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

const before = kept();
let most = 0;
let sent = 0;
let cut = false;
let slowest = 0;
const watch = setInterval(() => most = Math.max(most, kept() - before), 50);
const flooding = (async () => {
  try {
    for (; sent < COUNT; sent += BATCH) {
      for (let at = 0; at < first.length;) at += await conn.write(first.subarray(at));
    }
  } catch {
    cut = true;
  }
})();
const over = Promise.race([flooding, new Promise((resolve) => setTimeout(resolve, frameTimeoutMs * 3))]);
let done = false;
over.then(() => done = true);
while (!done) {
  slowest = Math.max(slowest, await roundTrip());
  await new Promise((resolve) => setTimeout(resolve, 20));
}
await flooding;
clearInterval(watch);
const MIB = 1024 * 1024;
console.log(JSON.stringify({ sent, cut, mib: Math.round(most / MIB), slowest: Math.round(slowest), errors }));
witness.abort();
conn.close();
await server.shutdown({ graceMs: 0 });
