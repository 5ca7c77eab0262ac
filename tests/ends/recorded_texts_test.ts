// What Kitex's programs printed in the recorded conversations, and what ours say of the same bytes.
import { assertEquals, assertGreater } from "@std/assert";
import { connectOver, serveOver, type ServerStream } from "../../mod.ts";
import { aborted } from "../support/events.ts";
import { rejection } from "../support/rejection.ts";
import { duplexPair } from "../support/pair.ts";
import { conversations } from "../support/vectors.ts";
import { WirePeer } from "../support/wire_peer.ts";

interface Recorded {
  readonly scenario: string;
  readonly client?: readonly Said[];
  readonly server?: readonly Said[];
  /** The middle and the end of a chain. */
  readonly serverB?: readonly Said[];
  readonly serverC?: readonly Said[];
  readonly frames: readonly RecordedFrame[];
  /** The second hop of a chain. */
  readonly framesBC?: readonly RecordedFrame[];
}

/** A line that one of Kitex's programs printed. */
interface Said {
  readonly ev: string;
  readonly err?: { readonly text: string; readonly type: string } | null;
}

interface RecordedFrame {
  readonly conn: number;
  readonly dir?: "c2s" | "s2c";
  readonly event?: string;
  readonly hex?: string;
  readonly frameType?: string;
  readonly seqId?: number;
}

const recordings = conversations().map(({ text }): Recorded => JSON.parse(text));

/** Where ours mean to say something else than Kitex. */
const OURS: ReadonlyMap<string, string> = new Map([
  ["[ttstream error, code=12004] EOF peer close", "[ttstream error, code=12006] connection closed by peer"],
]);

/** Headers so broken that each decoder gives up at a place of its own. */
const OTHER_DUMPS = ["raw_to_server_headersize_ffff", "raw_to_server_undersize"];

/** What the first line with this event and an error said; `EOF` is Go's word for a good end. */
function said(lines: readonly Said[], event: string): string | undefined {
  const text = lines.find(({ ev, err }) => ev === event && err)?.err?.text;
  return text === undefined ? undefined : OURS.get(text) ?? text;
}

/** Whether the words are the protocol's, and not those of Go or of a codec. */
const isProtocols = (text: string | undefined): text is string => /^(\[ttstream|biz error)/.test(text ?? "");

function bytesOf(frames: readonly RecordedFrame[], dir: "c2s" | "s2c"): Uint8Array {
  return Uint8Array.fromHex(frames.filter((frame) => frame.dir === dir).map(({ hex = "" }) => hex).join(""));
}

/** The id of the one stream there is, on one connection; `undefined` where there are more: too much for these tests. */
function onlyStream(frames: readonly RecordedFrame[]): number | undefined {
  const opened = frames.filter(({ dir, frameType }) => dir === "c2s" && frameType === "header");
  const connections = new Set(frames.map(({ conn }) => conn));
  return opened.length === 1 && connections.size === 1 ? opened[0]?.seqId : undefined;
}

/** Reads to the end: its text, or `EOF`. */
async function readOut(readable: ReadableStream<Uint8Array>): Promise<string> {
  try {
    for await (const _ of readable) {
      // Only the end counts.
    }
    return "EOF";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const message = async (promise: Promise<unknown>): Promise<string> =>
  (await rejection(promise) as Error).message;

let clients = 0;
for (const { scenario, client = [], frames } of recordings) {
  const read = said(client, "Recv");
  const write = said(client, "Send-after");
  // What the client ended by itself is not in the server's bytes.
  const cancelled = frames.some(({ dir, frameType }) => dir === "c2s" && frameType === "rst");
  const own = [read, write].some((text) => text?.includes("timeout"));
  if (onlyStream(frames) !== 1 || cancelled || own || !(read === "EOF" || isProtocols(read))) continue;
  clients++;
  Deno.test(`recorded ${scenario}: our client says what Kitex's said`, async () => {
    const [near, far] = duplexPair();
    const connection = connectOver(near, { serviceName: "ServiceA" });
    await using peer = new WirePeer(far);
    const stream = connection.openStream({ service: "TestService", method: "EchoBidi" });
    const ending = readOut(stream.readable);
    await peer.sendBytes(bytesOf(frames, "s2c"));
    // Who hung up first?
    const first = frames.find(({ event }) => event === "eof");
    if (first?.dir === "s2c") await peer.closeWriting().catch(() => {});
    assertEquals(await ending, read);
    if (write !== undefined) {
      assertEquals(await message(stream.writable.getWriter().write(new Uint8Array(1))), write);
    }
    connection.abort();
    await connection.closed.catch(() => {});
  });
}

let servers = 0;
for (const recording of recordings) {
  const hops = [
    { hop: "", lines: recording.server ?? recording.serverB, frames: recording.frames },
    { hop: " (second hop)", lines: recording.serverC, frames: recording.framesBC },
  ];
  for (const { hop, lines = [], frames = [] } of hops) {
    const ended = said(lines, "ctx.Err");
    const cancelled = frames.some(({ dir, frameType }) => dir === "c2s" && frameType === "rst");
    // A long recording was cut short, before its Rst.
    const cut = !cancelled && ended?.includes("[canceled path:");
    if (onlyStream(frames) === undefined || cut || !isProtocols(ended)) continue;
    if (OTHER_DUMPS.includes(recording.scenario)) continue;
    const [read, write] = [said(lines, "Recv"), said(lines, "Send")];
    servers++;
    Deno.test(`recorded ${recording.scenario}${hop}: our server says what Kitex's said`, async () => {
      const [near, far] = duplexPair();
      const opened = Promise.withResolvers<ServerStream>();
      const connection = serveOver(near, async (stream) => {
        opened.resolve(stream);
        await aborted(stream.signal);
      });
      await using peer = new WirePeer(far);
      // A handler that has not begun when the Rst comes is not called.
      const first = frames.findIndex(({ dir }) => dir === "c2s");
      await peer.sendBytes(bytesOf(frames.slice(0, first + 1), "c2s"));
      const stream = await opened.promise;
      await peer.sendBytes(bytesOf(frames.slice(first + 1), "c2s"));
      if (!cancelled) await peer.closeWriting().catch(() => {});
      const reason = await aborted(stream.signal) as Error;
      assertEquals(reason.message, ended);
      if (isProtocols(read)) assertEquals(await readOut(stream.readable), read);
      if (isProtocols(write)) {
        assertEquals(await message(stream.writable.getWriter().write(new Uint8Array(1))), write);
      }
      connection.abort();
      await connection.finished.catch(() => {});
    });
  }
}

Deno.test("the recordings are there to be compared", () => {
  assertGreater(clients, 40);
  assertGreater(servers, 30);
});
