/** A transport whose sink is stuck in a write hears of the end of its connection. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { connectOver, serveOver } from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { aborted } from "../support/events.ts";
import { rejectionText } from "../support/rejection.ts";
import { encodeFrames } from "../support/wire_peer.ts";

/** Takes nothing, and is stuck until its signal aborts. */
function stuckSink() {
  const writing = Promise.withResolvers<AbortSignal>();
  const writable = new WritableStream<Uint8Array>({
    async write(_, { signal }) {
      writing.resolve(signal);
      await aborted(signal);
      throw signal.reason;
    },
  });
  return { writable, writing: writing.promise };
}

Deno.test("abort() of a connection reaches a sink that is stuck in a write", async () => {
  const { writable, writing } = stuckSink();
  const connection = connectOver({ readable: new ReadableStream(), writable });
  const stream = connection.openStream({ service: "Test", method: "Echo" });
  const signal = await writing;
  connection.abort("out");
  assertStringIncludes(await rejectionText(stream.closed), "out");
  assertEquals(await aborted(signal) instanceof DOMException, true);
  await connection.closed;
});

Deno.test("the loss of a connection reaches a sink that is stuck in a write", async () => {
  const { writable, writing } = stuckSink();
  let hangUp = () => {};
  const readable = new ReadableStream<Uint8Array>({
    start: (controller) => void (hangUp = () => controller.close()),
  });
  const connection = connectOver({ readable, writable });
  const stream = connection.openStream({ service: "Test", method: "Echo" });
  const signal = await writing;
  hangUp();
  assertStringIncludes(await rejectionText(stream.closed), "code=12006");
  await aborted(signal);
  await rejectionText(connection.closed);
});

Deno.test("abort() of a server's connection reaches a sink that is stuck in a write", async () => {
  const { writable, writing } = stuckSink();
  const readable = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(encodeFrames({ type: FrameType.Header, metadata: { isn: "Test" } }));
    },
  });
  const server = serveOver({ readable, writable }, async (stream) => {
    stream.sendHeader();
    await aborted(stream.signal);
  });
  const signal = await writing;
  server.abort();
  await aborted(signal);
  await server.finished;
});
