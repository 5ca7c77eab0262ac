/** A stream that ends in the same read as it begins never comes to its handler, and holds no place. */
import { assertEquals } from "@std/assert";
import { type Handler, implement, type Middleware, type ServerStream } from "../../mod.ts";
import { defineService } from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { text } from "../support/codecs.ts";
import { aborted } from "../support/events.ts";
import { ServerScript } from "../support/script.ts";
import { exceptionPayload, type FrameInit } from "../support/wire_peer.ts";

const HEADER: FrameInit = { type: FrameType.Header, metadata: { isn: "Test" } };
const RST: FrameInit = { type: FrameType.Rst, payload: exceptionPayload({ type: 12007, message: "enough" }) };

/** A handler that waits for its signal, and would wait for ever where that has aborted already. */
function waiting(called: string[]): Handler {
  return (stream) => {
    called.push(stream.metadata.get("name") ?? "");
    return new Promise<void>((resolve) => stream.signal.addEventListener("abort", () => resolve()));
  };
}

for (const [name, second] of [["Rst", RST], ["second Header", HEADER]] as const) {
  Deno.test(`server: a ${name} in the same read as the Header: the handler is not called, and the place is free`, async () => {
    const called: string[] = [];
    await using script = new ServerScript(waiting(called), { maxStreams: 1 });
    for (let streamId = 1; streamId <= 8; streamId++) {
      await script.peer.send({ ...HEADER, streamId }, { ...second, streamId });
    }
    await script.peer.send({ ...HEADER, streamId: 99, metadata: { isn: "Test", name: "last" } });
    const lines = await script.left();
    assertEquals(called, ["last"]);
    assertEquals(lines.filter((line) => line.includes("too many streams")), []);
    assertEquals(lines.at(-1), "99: Trailer 6 server is shutting down");
    assertEquals(script.errors, []);
  });
}

Deno.test("server: a Rst behind Header, Data and Trailer in the same read: the handler is not called", async () => {
  const called: string[] = [];
  await using script = new ServerScript(waiting(called));
  await script.peer.send(HEADER, { type: FrameType.Data }, { type: FrameType.Trailer }, RST);
  await script.peer.send({ ...HEADER, streamId: 2, metadata: { name: "other" } });
  assertEquals((await script.left()).at(-1), "2: Trailer 6 server is shutting down");
  assertEquals(called, ["other"]);
});

Deno.test("server: a Rst in the next read: the handler has been called, and its signal aborts", async () => {
  const reason = Promise.withResolvers<unknown>();
  await using script = new ServerScript((stream) => aborted(stream.signal).then(reason.resolve));
  await script.header();
  await script.peer.send(RST);
  assertEquals(
    String(await reason.promise),
    "TTStreamError: [ttstream error, code=12007] [server-side stream] enough",
  );
});

Deno.test("server: middleware that takes its time: a method whose stream has ended meanwhile is not called", async () => {
  const Test = defineService("Test", {
    Bidi: { kind: "bidirectional", request: text, response: text },
    Sum: { kind: "client", request: text, response: text },
    List: { kind: "server", request: text, response: text },
  });
  const called: string[] = [];
  const handler = implement(Test, {
    Bidi: () => void called.push("Bidi"),
    Sum: () => String(called.push("Sum")),
    List: () => void called.push("List"),
  });
  const streams: ServerStream[] = [];
  const over: Promise<void>[] = [];
  const late: Middleware = (next) => async (stream) => {
    streams.push(stream);
    await aborted(stream.signal);
    const run = next(stream);
    over.push(run.catch(() => {}));
    await run;
  };
  await using script = new ServerScript(late(handler));
  for (const [streamId, method] of [[1, "Bidi"], [2, "Sum"], [3, "List"]] as const) {
    await script.peer.send({ ...HEADER, streamId, method }, { type: FrameType.Data, streamId, method });
    await script.peer.send({ ...RST, streamId, method });
  }
  assertEquals(await script.left(), []);
  await Promise.all(over);
  assertEquals([streams.length, over.length, called.length], [3, 3, 0]);
  assertEquals(script.errors, []);
});

Deno.test("server: a handler of a broken connection's last stream is told, and is no loss", async () => {
  const reason = Promise.withResolvers<unknown>();
  await using script = new ServerScript((stream) => aborted(stream.signal).then(reason.resolve));
  await script.peer.send(HEADER, { ...HEADER, streamId: 2 });
  await script.peer.sendBytes(new Uint8Array(32));
  const text = String(await reason.promise);
  assertEquals(
    text.startsWith("TTStreamError: [ttstream error, code=12013] [ttstream error, code=12004]"),
    true,
    text,
  );
});
