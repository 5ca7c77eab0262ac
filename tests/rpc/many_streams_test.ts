import { assert, assertEquals } from "@std/assert";
import { connectOver, createClient, defineService, type Handler, implement, serveOver } from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { nextStreamId } from "../../src/ttheader/stream_id.ts";
import { bytes, string, text } from "../support/codecs.ts";
import { connectTo, serveLocally } from "../support/loopback.ts";
import { duplexPair } from "../support/pair.ts";
import { WirePeer } from "../support/wire_peer.ts";

const TARGET = { service: "TestService", method: "Echo" };
const echo: Handler = ({ readable, writable }) => readable.pipeTo(writable);

Deno.test("1,000 streams at once on one connection keep their messages apart and in order", async () => {
  await using server = serveLocally(echo);
  await using connection = await connectTo(server);
  const rounds = 10;
  const streams = Array.from({ length: 1000 }, () => connection.openStream(TARGET));
  const writers = streams.map(({ writable }) => writable.getWriter());
  const readers = streams.map(({ readable }) => readable.getReader());
  for (let round = 0; round < rounds; round++) {
    // Every stream once a round: on the wire their frames alternate.
    await Promise.all(writers.map((writer, i) => writer.write(bytes(`${i}:${round}`))));
  }
  await Promise.all(writers.map((writer) => writer.close()));
  const received = await Promise.all(readers.map(async (reader) => {
    const messages: string[] = [];
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      messages.push(string(next.value));
    }
    return messages;
  }));
  for (const [i, messages] of received.entries()) {
    assertEquals(messages, Array.from({ length: rounds }, (_, round) => `${i}:${round}`));
  }
});

Deno.test("1,000 calls at once, every other one left early, end each in its own way", async () => {
  const Count = defineService("Count", { to: { kind: "server", request: text, response: text } });
  await using server = serveLocally(implement(Count, {
    async *to(request) {
      for (let i = 1; i <= Number(request); i++) yield String(i);
    },
  }));
  await using connection = await connectTo(server);
  const client = createClient(Count, connection);
  const sums = await Promise.all(Array.from({ length: 1000 }, async (_, i) => {
    let sum = 0;
    for await (const number of client.to("20")) {
      sum += Number(number);
      if (i % 2 === 1 && number === "10") break;
    }
    return sum;
  }));
  assertEquals(new Set(sums.filter((_, i) => i % 2 === 0)), new Set([210]));
  assertEquals(new Set(sums.filter((_, i) => i % 2 === 1)), new Set([55]));
});

Deno.test("stream ids count up from 1, whatever ended before", async () => {
  const [clientEnd, peerEnd] = duplexPair();
  await using peer = new WirePeer(peerEnd);
  const connection = connectOver(clientEnd);
  const aborted = AbortSignal.abort();
  for (const id of [1, 2, 3]) {
    connection.openStream(TARGET, { signal: aborted });
    const stream = connection.openStream(TARGET);
    assertEquals((await peer.expect(FrameType.Header)).streamId, id);
    if (id !== 2) continue;
    await stream.readable.cancel();
    assertEquals((await peer.expect(FrameType.Rst)).streamId, id);
    assertEquals((await peer.expect(FrameType.Trailer)).streamId, id);
  }
  connection.abort();
  await connection.closed;
});

const ids: [last: number, live: number[], next: number][] = [
  [0, [], 1],
  [1, [], 2],
  [1, [2, 3, 5], 4],
  [2 ** 31 - 2, [], 2 ** 31 - 1],
  [2 ** 31 - 1, [], -(2 ** 31)],
  [2 ** 31 - 1, [-(2 ** 31), 1 - 2 ** 31], 2 - 2 ** 31],
  [-2, [], -1],
  [-1, [], 1],
  [-1, [1, 2], 3],
  [-2, [-1], 1],
];

for (const [last, live, next] of ids) {
  Deno.test(`after stream ${last}, with ${live.length ? live : "none"} live, comes stream ${next}`, () => {
    assertEquals(nextStreamId(last, (id) => live.includes(id)), next);
  });
}

Deno.test("a server takes negative and any other stream ids, and answers with them", async () => {
  const [peerEnd, serverEnd] = duplexPair();
  await using peer = new WirePeer(peerEnd);
  serveOver(serverEnd, echo);
  for (const streamId of [-(2 ** 31), -1, 2 ** 31 - 1, 7, 3]) {
    await peer.send(
      { type: FrameType.Header, streamId, metadata: { isn: "TestService" } },
      { type: FrameType.Data, streamId, payload: bytes(String(streamId)) },
      { type: FrameType.Trailer, streamId },
    );
    assertEquals((await peer.expect(FrameType.Header)).streamId, streamId);
    const data = await peer.expect(FrameType.Data);
    assertEquals([data.streamId, string(data.payload)], [streamId, String(streamId)]);
    assertEquals((await peer.expect(FrameType.Trailer)).streamId, streamId);
  }
});

Deno.test("an empty message is a message of zero bytes, in both directions", async () => {
  await using server = serveLocally(echo);
  await using connection = await connectTo(server);
  const { readable, writable } = connection.openStream(TARGET);
  const writer = writable.getWriter();
  for (const message of ["", "a", "", ""]) await writer.write(bytes(message));
  await writer.close();
  const sizes = (await Array.fromAsync(readable)).map(({ length }) => length);
  assertEquals(sizes, [0, 1, 0, 0]);
});

Deno.test("messages of 8 MiB go there and back unchanged, small ones in between", async () => {
  await using server = serveLocally(echo);
  await using connection = await connectTo(server);
  const large = new Uint8Array(8 * 1024 * 1024);
  for (let i = 0; i < large.length; i += 4093) large[i] = i % 251;
  const messages = [bytes("before"), large, bytes("between"), large, bytes("after")];
  const { readable, writable } = connection.openStream(TARGET);
  const received = Array.fromAsync(readable);
  const writer = writable.getWriter();
  for (const message of messages) await writer.write(message);
  await writer.close();
  for (const [i, message] of (await received).entries()) {
    assert(sameBytes(message, messages[i]), `message ${i} differs`);
  }
  assertEquals((await received).length, messages.length);
});

/** Without a diff of megabytes. */
function sameBytes(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return a.length === b?.length && a.every((byte, i) => byte === b[i]);
}

Deno.test("one stream's large messages do not mix with another's", async () => {
  const [clientEnd, serverEnd] = duplexPair();
  serveOver(serverEnd, echo);
  const connection = connectOver(clientEnd);
  const received = await Promise.all([1, 2, 3, 4].map(async (n) => {
    const { readable, writable } = connection.openStream(TARGET);
    const messages = Array.fromAsync(readable);
    const writer = writable.getWriter();
    for (let i = 0; i < 5; i++) await writer.write(new Uint8Array(200_000).fill(n));
    await writer.close();
    return await messages;
  }));
  for (const [i, messages] of received.entries()) {
    assertEquals(messages.map(({ length }) => length), Array(5).fill(200_000));
    assert(messages.every((message) => message.every((byte) => byte === i + 1)));
  }
  await connection.close();
});
