import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { type ClientStream, connectOver, type Handler, serveOver, TTStreamError } from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { bytes, string } from "../support/codecs.ts";
import { aborted } from "../support/events.ts";
import { connectTo, serveLocally } from "../support/loopback.ts";
import { duplexPair } from "../support/pair.ts";
import { messageOf, rejection, rejectionText } from "../support/rejection.ts";
import { CANCELED, ClientScript, linesOf } from "../support/script.ts";

const TARGET = { service: "TestService", method: "Echo" };
const CLOSING = "[ttstream error, code=12006] transport is closing";
const LOST = "[ttstream error, code=12006] connection closed by peer";
const echo: Handler = ({ readable, writable }) => readable.pipeTo(writable);

/** What every part of a stream rejects with. */
async function endsOf(stream: ClientStream): Promise<string[]> {
  return await Promise.all([
    rejectionText(stream.readable.getReader().read()),
    rejectionText(stream.writable.getWriter().write(bytes("x"))),
    rejectionText(stream.header),
    rejectionText(stream.trailer),
  ]);
}

Deno.test("close() of a connection without streams closes at once", async () => {
  const [clientEnd, serverEnd] = duplexPair();
  const serving = serveOver(serverEnd, echo);
  const connection = connectOver(clientEnd);
  await connection.close();
  await connection.closed;
  await serving.finished;
  assertStrictEquals(connection.closed, connection.closed);
});

Deno.test("close() waits for the open streams, which end well, and opens no new ones", async () => {
  await using server = serveLocally(echo);
  const connection = await connectTo(server);
  const { readable, writable } = connection.openStream(TARGET);
  const writer = writable.getWriter();
  const reader = readable.getReader();
  let isClosed = false;
  const closing = connection.close().then(() => isClosed = true);
  assertEquals(await endsOf(connection.openStream(TARGET)), Array(4).fill(CLOSING));
  for (const word of ["still", "open"]) {
    await writer.write(bytes(word));
    assertEquals(string((await reader.read()).value), word);
  }
  assertEquals(isClosed, false);
  await writer.close();
  assertEquals((await reader.read()).done, true);
  await closing;
  await connection.closed;
});

Deno.test("messages that have come may be read after close() has resolved", async () => {
  const [clientEnd, serverEnd] = duplexPair();
  serveOver(serverEnd, echo);
  const connection = connectOver(clientEnd);
  const { readable, writable, trailer } = connection.openStream(TARGET);
  const writer = writable.getWriter();
  await writer.write(bytes("kept"));
  await writer.close();
  const messages = readable.getReader();
  await trailer;
  await connection.close();
  assertEquals(string((await messages.read()).value), "kept");
  assertEquals((await messages.read()).done, true);
});

Deno.test("close() twice, and abort() after close(), do no more", async () => {
  const [clientEnd, serverEnd] = duplexPair();
  const serving = serveOver(serverEnd, echo);
  const connection = connectOver(clientEnd);
  await Promise.all([connection.close(), connection.close()]);
  connection.abort(new Error("late"));
  await connection[Symbol.asyncDispose]();
  await connection.closed;
  await serving.finished;
});

Deno.test("close() resolves where the connection is lost meanwhile, closed rejects", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  const closing = script.connection.close();
  await script.peer.expect(FrameType.Header);
  await script.peer.close();
  await closing;
  assertEquals(await rejectionText(script.connection.closed), LOST);
  assertEquals(await rejectionText(stream.readable.getReader().read()), LOST);
});

Deno.test("abort(reason) sends each live stream's Rst with the reason, and cuts", async () => {
  await using script = new ClientScript();
  const lines = linesOf(script.peer);
  const streams = [script.open(), script.open(), script.open()];
  await streams[1]?.writable.close();
  script.connection.abort(new Error("the process ends"));
  const text = "[ttstream error, code=12008] [client-side stream] the process ends";
  for (const stream of streams) {
    assertEquals(await rejectionText(stream.readable.getReader().read()), text);
    assertEquals(await rejectionText(stream.header), text);
  }
  await script.connection.closed;
  assertEquals(await lines, [
    "Header {isn: Test}",
    "2: Header {isn: Test}",
    "3: Header {isn: Test}",
    "2: Trailer",
    "Rst 12008 the process ends {ttscp: ServiceA}",
    "Trailer",
    "2: Rst 12008 the process ends {ttscp: ServiceA}",
    "3: Rst 12008 the process ends {ttscp: ServiceA}",
    "3: Trailer",
  ]);
});

Deno.test("abort() without a reason cancels plainly", async () => {
  const reasons: Promise<unknown>[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  await using server = serveLocally(async ({ signal }) => {
    reasons.push(aborted(signal));
    resolve();
    await aborted(signal);
  });
  const connection = await connectTo(server, { serviceName: "ServiceA" });
  const stream = connection.openStream(TARGET);
  await promise;
  connection.abort();
  const client = `[ttstream error, code=12007] [client-side stream] ${CANCELED}`;
  assertEquals(await endsOf(stream), Array(4).fill(client));
  await connection.closed;
  const path = "[canceled path: ServiceA]";
  assertEquals((await Promise.all(reasons)).map(messageOf), [
    `[ttstream error, code=12007] [server-side stream] ${path} ${CANCELED}`,
  ]);
  assertEquals(await endsOf(connection.openStream(TARGET)), Array(4).fill(CLOSING));
});

Deno.test("abort() cuts a socket that takes no bytes", async () => {
  const cut = Promise.withResolvers<void>();
  const connection = connectOver({
    readable: new ReadableStream({ cancel: () => cut.resolve() }),
    writable: new WritableStream({ write: () => new Promise(() => {}) }),
  });
  const stream = connection.openStream(TARGET);
  connection.abort("enough");
  await connection.closed;
  await cut.promise;
  const text = "[ttstream error, code=12008] [client-side stream] enough";
  assertEquals(await rejectionText(stream.readable.getReader().read()), text);
});

Deno.test("await using on a connection cancels what is open, and closes", async () => {
  await using script = new ClientScript();
  let stream: ClientStream;
  let lines: Promise<string[]>;
  {
    await using connection = script.connection;
    stream = connection.openStream({ service: "Test", method: "Echo" });
    await script.peer.expect(FrameType.Header);
    lines = linesOf(script.peer);
  }
  const text = `[ttstream error, code=12007] [client-side stream] ${CANCELED}`;
  assertEquals(await endsOf(stream), Array(4).fill(text));
  await script.connection.closed;
  assertEquals(await lines, [`Rst 12007 ${CANCELED} {ttscp: ServiceA}`, "Trailer"]);
});

Deno.test("await using on stream, connection and server in one scope leaves nothing open", async () => {
  const reasons: unknown[] = [];
  const { promise: started, resolve: start } = Promise.withResolvers<void>();
  {
    await using server = serveLocally(async ({ signal }) => {
      start();
      reasons.push(await aborted(signal));
    });
    await using connection = await connectTo(server);
    await using stream = connection.openStream(TARGET);
    await stream.writable.getWriter().write(bytes("hello"));
    await started;
  }
  assertEquals(reasons.length, 1);
  const [reason] = reasons;
  assert(reason instanceof TTStreamError && reason.code === 12007, messageOf(reason));
});

Deno.test("await using on a stream that has ended and been read sends nothing", async () => {
  await using script = new ClientScript();
  {
    await using stream = script.open();
    await script.peer.send({ type: FrameType.Trailer });
    assertEquals((await stream.readable.getReader().read()).done, true);
  }
  assertEquals(await script.left(), ["Header {isn: Test}", "Trailer"]);
});

Deno.test("the scope's end does not reject, however the stream ended", async () => {
  await using script = new ClientScript();
  for (const end of ["cancelled", "lost"]) {
    await using stream = script.open();
    if (end === "cancelled") await stream.readable.cancel("enough");
    else await script.peer.close();
    await stream[Symbol.asyncDispose]();
  }
});

Deno.test("closed rejects where the peer hangs up, and later streams say the same", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  await script.peer.close();
  assertEquals(await rejectionText(script.connection.closed), LOST);
  assertEquals(await endsOf(stream), Array(4).fill(LOST));
  const [later] = await endsOf(script.open());
  assert(later?.startsWith("[ttstream error, code=12006] "), later);
});

Deno.test("closed rejects with the 12004 where the peer breaks the protocol, later streams are 12006", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  await script.peer.expect(FrameType.Header);
  await script.peer.sendBytes(bytes("HTTP/1.1 400 Bad Request\r\n\r\n"));
  const error = await rejection(script.connection.closed);
  assert(error instanceof TTStreamError && error.code === 12004 && error.side === undefined);
  assertEquals(await endsOf(stream), Array(4).fill(error.message));
  const late = await rejection(script.open().readable.getReader().read());
  assert(late instanceof TTStreamError && late.code === 12006, messageOf(late));
  assertEquals(late.message, CLOSING);
  assertStrictEquals(late.cause, error);
});

Deno.test("a connection that is lost while nobody looks harms nobody", async () => {
  const [clientEnd, serverEnd] = duplexPair();
  const connection = connectOver(clientEnd);
  connection.openStream(TARGET);
  await serverEnd.writable.abort(new Error("pulled the plug"));
  await serverEnd.readable.cancel();
  // The rejection of `closed` must not end the process before it is asked for.
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(
    await rejectionText(connection.closed),
    "[ttstream error, code=12006] pulled the plug",
  );
});
