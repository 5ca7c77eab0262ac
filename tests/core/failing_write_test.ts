import { assertEquals } from "@std/assert";
import { connectOver, serveOver } from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { aborted } from "../support/events.ts";
import { messageOf, rejectionText } from "../support/rejection.ts";
import { turns } from "../support/turns.ts";
import { encodeFrames, exceptionPayload } from "../support/wire_peer.ts";

Deno.test("a write that fails stops whoever writes without a pause: the event loop turns, and the stream ends", async () => {
  const begun = Promise.withResolvers<void>();
  const broken = Promise.withResolvers<void>();
  const writable = new WritableStream<Uint8Array>({
    write() {
      begun.resolve();
      return broken.promise;
    },
  });
  // The peer's silence: what it may have said last is waited for.
  const connection = connectOver({ readable: new ReadableStream(), writable });
  const writer = connection.openStream({ service: "Test", method: "Echo" }).writable.getWriter();
  await begun.promise;
  broken.reject(new Error("broken pipe"));
  await rejectionText(broken.promise);
  // Far more than the connection holds unsent: without a stop it would go on for ever, and no timer would run.
  const writing = async () => {
    for (let i = 0; i < 100_000; i++) await writer.write(new Uint8Array(100));
  };
  assertEquals(await rejectionText(writing()), "[ttstream error, code=12006] broken pipe");
  assertEquals(await rejectionText(connection.closed), "[ttstream error, code=12006] broken pipe");
});

Deno.test("a write that fails while reading is paused: what the peer said last is still read, once there is room", async () => {
  const broken = Promise.withResolvers<void>();
  const writable = new WritableStream<Uint8Array>({ write: () => broken.promise });
  const cancel = exceptionPayload({ type: 12007, message: "enough" });
  const said = [
    encodeFrames({ type: FrameType.Header }, { type: FrameType.Data, payload: new Uint8Array(1000) }),
    encodeFrames({ type: FrameType.Rst, payload: cancel }),
  ];
  // The pipe stays open: nothing but the failed write tells that the peer has gone.
  const readable = new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = said.shift();
      if (chunk !== undefined) controller.enqueue(chunk);
    },
  });
  const told = Promise.withResolvers<unknown>();
  const serving = serveOver({ readable, writable }, async (stream) => {
    const writer = stream.writable.getWriter();
    await writer.write(new Uint8Array(1000));
    // The connection comes to its pause.
    await turns(5);
    broken.reject(new Error("broken pipe"));
    await rejectionText(broken.promise);
    await stream.readable.getReader().read();
    told.resolve(await aborted(stream.signal));
  }, { maxBufferedBytes: 100 });
  assertEquals(messageOf(await told.promise), "[ttstream error, code=12007] [server-side stream] enough");
  await serving.finished;
});
