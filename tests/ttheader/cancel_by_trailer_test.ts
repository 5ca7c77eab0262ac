// A client that cancels by a Trailer, as to a Kitex server that knows no Rst, is at nobody's cost: no handler has failed.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { connectOver, serveOver, type ServerStream } from "../../mod.ts";
import { duplexPair } from "../support/pair.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { bytes } from "../support/codecs.ts";
import { exceptionOf, exceptionPayload, WirePeer } from "../support/wire_peer.ts";

/** Reads to the end, and hands on what it reads there. */
async function readAll({ readable }: ServerStream): Promise<void> {
  await readable.pipeTo(new WritableStream());
}

Deno.test("a handler that hands on the exception of its client's Trailer has not failed, and answers with it", async () => {
  const [near, far] = duplexPair();
  const reported: unknown[] = [];
  const { finished } = serveOver(far, readAll, { onError: (error) => reported.push(error) });
  const peer = new WirePeer(near);
  const payload = exceptionPayload({ type: 12008, message: "enough" });
  await peer.send({ type: FrameType.Header }, { type: FrameType.Trailer, payload });
  await peer.expect(FrameType.Header);
  assertStringIncludes(exceptionOf(await peer.expect(FrameType.Trailer)).message, "enough");
  await peer.close();
  await finished;
  assertEquals(reported, []);
});

Deno.test('a cancel with cancelFrame: "trailer" is not told to onError', async () => {
  const [near, far] = duplexPair();
  const reported: unknown[] = [];
  const ended = Promise.withResolvers<void>();
  const { finished } = serveOver(far, async (stream) => {
    try {
      for await (const message of stream.readable) await stream.send(message);
    } finally {
      ended.resolve();
    }
  }, { onError: (error) => reported.push(error) });
  const connection = connectOver(near, { cancelFrame: "trailer" });
  const stream = connection.openStream({ service: "Chat", method: "Echo" });
  await stream.send(bytes("one"));
  await stream.readable.getReader().read();
  await stream.cancel("enough");
  await ended.promise;
  await connection.close();
  await finished;
  assertEquals(reported, []);
});

Deno.test("a handler that fails for another reason behind its client's exception is told to onError", async () => {
  const [near, far] = duplexPair();
  const reported: unknown[] = [];
  const { finished } = serveOver(far, async (stream) => {
    await readAll(stream).catch(() => {});
    throw new Error("cannot clean up");
  }, { onError: (error) => reported.push(error) });
  const peer = new WirePeer(near);
  const payload = exceptionPayload({ type: 12008, message: "enough" });
  await peer.send({ type: FrameType.Header }, { type: FrameType.Trailer, payload });
  await peer.expect(FrameType.Header);
  await peer.expect(FrameType.Trailer);
  await peer.close();
  await finished;
  assertEquals(reported.map(String), ["Error: cannot clean up"]);
});
