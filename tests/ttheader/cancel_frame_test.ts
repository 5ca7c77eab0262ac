import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type ClientStream, connectOver, TTStreamError } from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { bytes } from "../support/codecs.ts";
import { duplexPair } from "../support/pair.ts";
import { exceptionOf, WirePeer } from "../support/wire_peer.ts";

const CANCELED =
  "user code invoking stream RPC with context processed by context.WithCancel or context.WithTimeout, then invoking cancel() actively";

/** Runs `script` with a client that cancels by Trailers, and the server's end of its wire. */
async function cancellingByTrailer(
  script: (stream: ClientStream, peer: WirePeer, next: () => ClientStream) => Promise<void>,
): Promise<void> {
  const [clientEnd, serverEnd] = duplexPair();
  await using peer = new WirePeer(serverEnd);
  const connection = connectOver(clientEnd, { serviceName: "ServiceA", cancelFrame: "trailer" });
  const open = () => connection.openStream({ service: "Chat", method: "Echo" });
  await script(open(), peer, open);
  await connection.close();
}

Deno.test('with cancelFrame: "trailer" a cancel is one Trailer that says why and who, and no Rst', async () => {
  await cancellingByTrailer(async (stream, peer, next) => {
    await peer.expect(FrameType.Header);
    await stream.readable.cancel();
    const message = `[ttstream error, code=12007] [canceled path: ServiceA] ${CANCELED}`;
    assertEquals(exceptionOf(await peer.expect(FrameType.Trailer)), { type: 12007, message });
    const header = next();
    assertEquals((await peer.expect(FrameType.Header)).streamId, 2);
    await header.writable.abort(new Error("enough"));
    const reason = "[ttstream error, code=12008] [canceled path: ServiceA] enough";
    assertEquals(exceptionOf(await peer.expect(FrameType.Trailer)), { type: 12008, message: reason });
  });
});

Deno.test('with cancelFrame: "trailer" nothing is sent after a half close, and what still comes is dropped', async () => {
  await cancellingByTrailer(async (stream, peer, next) => {
    await stream.writable.close();
    await peer.expect(FrameType.Header);
    await peer.expect(FrameType.Trailer);
    const reader = stream.readable.getReader();
    const reading = reader.read();
    await stream[Symbol.asyncDispose]();
    await assertRejects(() => reading, TTStreamError, CANCELED);
    await peer.send({ type: FrameType.Header }, { type: FrameType.Data, payload: bytes("late") });
    const other = next();
    assertEquals((await peer.expect(FrameType.Header)).streamId, 2);
    await peer.send({ type: FrameType.Header, streamId: 2 }, { type: FrameType.Trailer, streamId: 2 });
    assertEquals(await Array.fromAsync(other.readable), []);
  });
});

Deno.test("a cancelFrame that there is not is refused by name", () => {
  const [clientEnd] = duplexPair();
  const options = JSON.parse('{ "cancelFrame": "goaway" }');
  assertThrows(
    () => connectOver(clientEnd, options),
    TypeError,
    'cancelFrame must be "rst" or "trailer", got "goaway"',
  );
});

Deno.test("a serviceName with a comma, which would read as two services, is refused", () => {
  const [clientEnd] = duplexPair();
  assertThrows(() => connectOver(clientEnd, { serviceName: "A,B" }), TypeError, '"A,B"');
});
