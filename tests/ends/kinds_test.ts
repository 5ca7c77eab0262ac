// The ends of the three kinds of method: what a client or server stream has too little or too much of.
import { assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import {
  BizStatusError,
  createClient,
  defineService,
  type Handler,
  implement,
  TTStreamError,
} from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { bytes, string, text } from "../support/codecs.ts";
import { aborted } from "../support/events.ts";
import { rejection, rejectionText } from "../support/rejection.ts";
import { CANCELED, ClientScript, lineOf, ServerScript } from "../support/script.ts";
import { TcpPair } from "../support/tcp.ts";
import { exceptionPayload, type FrameInit } from "../support/wire_peer.ts";

const Test = defineService("Test", {
  chat: { kind: "bidirectional", request: text, response: text },
  list: { kind: "server", request: text, response: text },
  sum: { kind: "client", request: text, response: text },
});
type Parts = Parameters<typeof implement<typeof Test.methods>>[1];

/** A service that does nothing but what the test says. */
function service(parts: Partial<Parts>): Handler {
  return implement(Test, { chat: () => {}, list: () => {}, sum: () => "", ...parts });
}

const header: FrameInit = { type: FrameType.Header };
const data = (message: string): FrameInit => ({ type: FrameType.Data, payload: bytes(message) });
const open = (method: string): FrameInit => ({ type: FrameType.Header, method, metadata: { isn: "Test" } });

Deno.test("client stream: the server ends without a response: `response` rejects with 12001, `trailer` resolves", async () => {
  await using script = new ClientScript();
  const call = createClient(Test, script.connection).sum();
  await script.peer.send(header, { type: FrameType.Trailer, metadata: { cost: "3" } });
  const error = await rejection(call.response);
  assertInstanceOf(error, TTStreamError);
  assertEquals(
    error.message,
    "[ttstream error, code=12001] [client-side stream] stream ended without a response",
  );
  assertEquals(error.kind, "application");
  assertStrictEquals(await rejection(call.response), error);
  assertEquals(await call.trailer, new Map([["cost", "3"]]));
  assertEquals(await script.left(), ["Header {isn: Test}", "Trailer"]);
});

Deno.test("client stream: the first response counts, a second is dropped", async () => {
  await using script = new ClientScript();
  const call = createClient(Test, script.connection).sum();
  await script.peer.send(header, data("first"), data("second"), { type: FrameType.Trailer });
  assertEquals(await call.response, "first");
  assertEquals(await call.trailer, new Map());
  assertEquals(await script.left(), ["Header {isn: Test}", "Trailer"]);
});

Deno.test("client stream: what comes after the response does not count as unread", async () => {
  await using script = new ClientScript({ maxBufferedBytes: 1000 });
  const call = createClient(Test, script.connection).sum();
  const other = script.connection.openStream({ service: "Test", method: "chat" });
  await script.peer.send(header, data("first"));
  assertEquals(await call.response, "first");
  for (let n = 0; n < 10; n++) await script.peer.send(data("x".repeat(500)));
  await script.peer.send({ ...data("mine"), streamId: 2 }, { type: FrameType.Trailer, streamId: 2 });
  assertEquals(await Array.fromAsync(other.readable, string), ["mine"]);
  await call[Symbol.asyncDispose]();
});

Deno.test("server stream: requests after the first do not count as unread", async () => {
  const release = Promise.withResolvers<void>();
  await using script = new ServerScript(
    service({
      async list() {
        await release.promise;
      },
      chat: () => {},
    }),
    { maxBufferedBytes: 1000 },
  );
  await script.peer.send(open("list"), data("first"));
  for (let n = 0; n < 10; n++) await script.peer.send(data("x".repeat(500)));
  await script.peer.send({ ...open("chat"), streamId: 2 });
  assertEquals((await script.peer.expect(FrameType.Header)).streamId, 2);
  release.resolve();
});

Deno.test("client stream: an empty response is a message of zero bytes", async () => {
  await using script = new ClientScript();
  const call = createClient(Test, script.connection).sum();
  await script.peer.send({ type: FrameType.Data }, { type: FrameType.Trailer });
  assertEquals(await call.response, "");
});

Deno.test("client stream: a response, and then an error: `response` resolves, the writes reject", async () => {
  await using script = new ClientScript();
  const call = createClient(Test, script.connection).sum();
  const writer = call.writable.getWriter();
  const payload = exceptionPayload({ type: 6, message: "biz error: after all" });
  await script.peer.send(header, data("early"), { type: FrameType.Trailer, payload });
  assertEquals(await call.response, "early");
  assertEquals(
    await rejectionText(writer.closed),
    "[ttstream error, code=12001] [client-side stream] biz error: after all",
  );
});

/** What else ends a client stream, and what `response` rejects with. */
const ends: {
  by: string;
  message: string;
  end(script: ClientScript, controller: AbortController): PromiseLike<void> | void;
}[] = [
  {
    by: "its signal",
    message: `[ttstream error, code=12007] [client-side stream] ${CANCELED}`,
    end: (_script, controller) => controller.abort(),
  },
  {
    by: "a Trailer with an error",
    message: "[ttstream error, code=12001] [client-side stream] biz error: boom",
    end: ({ peer }) =>
      peer.send({
        type: FrameType.Trailer,
        payload: exceptionPayload({ type: 6, message: "biz error: boom" }),
      }),
  },
  {
    by: "a business error",
    message: "biz error: code=404, msg=gone",
    end: ({ peer }) =>
      peer.send({ type: FrameType.Trailer, metadata: { "biz-status": "404", "biz-message": "gone" } }),
  },
  {
    by: "a Rst",
    message: "[ttstream error, code=13] [client-side stream] rst",
    end: ({ peer }) => peer.send({ type: FrameType.Rst }),
  },
  {
    by: "the connection's loss",
    message: "[ttstream error, code=12006] connection closed by peer",
    end: ({ peer }) => peer.close(),
  },
];

for (const { by, message, end } of ends) {
  Deno.test(`client stream: ended by ${by}: \`response\` rejects, asked for before or after`, async () => {
    for (const early of [true, false]) {
      await using script = new ClientScript();
      const controller = new AbortController();
      const call = createClient(Test, script.connection).sum({ signal: controller.signal });
      const response = early ? rejectionText(call.response) : undefined;
      await script.peer.expect(FrameType.Header);
      const writing = rejection(call.writable.getWriter().closed);
      await end(script, controller);
      const error = await writing;
      assertEquals(error instanceof Error && error.message, message);
      assertEquals(await (response ?? rejectionText(call.response)), message);
    }
  });
}

Deno.test("client stream: disposing it after the response cancels nothing, the Trailer may still be on its way", async () => {
  await using script = new ClientScript();
  {
    await using call = createClient(Test, script.connection).sum();
    await script.peer.send({ type: FrameType.Header }, { type: FrameType.Data, payload: bytes("42") });
    assertEquals(await call.response, "42");
  }
  await script.peer.send({ type: FrameType.Trailer });
  assertEquals(await script.left(), ["Header {isn: Test}", "Trailer"]);
});

Deno.test("client stream: disposing it cancels, `response` rejects with 12007", async () => {
  await using script = new ClientScript();
  let response: Promise<string>;
  {
    await using call = createClient(Test, script.connection).sum();
    response = rejectionText(call.response);
  }
  assertEquals(await response, `[ttstream error, code=12007] [client-side stream] ${CANCELED}`);
  assertEquals(await script.left(), [
    "Header {isn: Test}",
    `Rst 12007 ${CANCELED} {ttscp: ServiceA}`,
    "Trailer",
  ]);
});

Deno.test("client stream, over TCP: writes, half close, response; a handler that throws, and one with a business error", async () => {
  await using pair = await TcpPair.open(service({
    async sum(stream) {
      const words = await Array.fromAsync(stream.readable);
      if (words[0] === "throw") throw new Error("boom");
      if (words[0] === "biz") throw new BizStatusError(404, "gone");
      return words.join(" ");
    },
  }));
  const answers: string[] = [];
  for (const words of [["two", "words"], [], ["throw"], ["biz"]]) {
    const call = createClient(Test, pair.connection).sum();
    await ReadableStream.from(words).pipeTo(call.writable);
    answers.push(await call.response.catch((error) => (error as Error).message));
  }
  assertEquals(answers, [
    "two words",
    "",
    "[ttstream error, code=12001] [client-side stream] biz error: boom",
    "biz error: code=404, msg=gone",
  ]);
  assertEquals(pair.errors.map(String), ["Error: boom"]);
});

Deno.test("client stream: a handler that answers before the half close: one Data, then Trailer; the client's later frames are dropped", async () => {
  await using script = new ServerScript(service({ sum: () => "early" }));
  await script.peer.send(open("sum"), data("one"));
  for (const line of ["Header", "Data early", "Trailer"]) {
    const frame = await script.peer.next();
    assertEquals(frame && lineOf(frame), line);
  }
  await script.peer.send(data("two"), { type: FrameType.Trailer });
  assertEquals(await script.left(), []);
});

Deno.test("server stream: no request before the half close: exception 6 `no request message`, the handler is not called", async () => {
  let called = 0;
  await using script = new ServerScript(service({
    async *list() {
      called++;
      await Promise.resolve();
      yield "never";
    },
  }));
  await script.peer.send(open("list"), { type: FrameType.Trailer });
  await script.peer.expect(FrameType.Header);
  const trailer = await script.peer.expect(FrameType.Trailer);
  assertEquals(lineOf(trailer), "Trailer 6 no request message");
  assertEquals([called, script.errors], [0, []]);
  assertEquals(await script.left(), []);
});

Deno.test("server stream: a cancel before the request: the handler is not called, nothing leaves, no onError", async () => {
  let called = 0;
  await using script = new ServerScript(service({ list: () => void called++ }));
  await script.peer.send(open("list"), { type: FrameType.Rst });
  assertEquals(await script.left(), []);
  assertEquals([called, script.errors], [0, []]);
});

Deno.test("server stream: an empty Data payload is a request of zero bytes", async () => {
  const requests: string[] = [];
  await using script = new ServerScript(service({ list: (request) => void requests.push(request) }));
  await script.peer.send(open("list"), { type: FrameType.Data }, { type: FrameType.Trailer });
  await script.peer.expect(FrameType.Header);
  assertEquals(lineOf(await script.peer.expect(FrameType.Trailer)), "Trailer");
  assertEquals(requests, [""]);
});

Deno.test("server stream: a second request is ignored", async () => {
  const requests: string[] = [];
  await using script = new ServerScript(service({
    async *list(request) {
      requests.push(request);
      yield "one";
      await Promise.resolve();
      yield "two";
    },
  }));
  await script.peer.send(open("list"), data("first"), data("second"), { type: FrameType.Trailer });
  for (const line of ["Header", "Data one", "Data two", "Trailer"]) {
    const frame = await script.peer.next();
    assertEquals(frame && lineOf(frame), line);
  }
  assertEquals(requests, ["first"]);
});

Deno.test("server stream: the client's half close does not end it: the handler answers on", async () => {
  const release = Promise.withResolvers<void>();
  await using pair = await TcpPair.open(service({
    async *list(request, stream) {
      yield request;
      await release.promise;
      yield String(stream.signal.aborted);
    },
  }));
  const seen: string[] = [];
  for await (const message of createClient(Test, pair.connection).list("go")) {
    seen.push(message);
    release.resolve();
  }
  assertEquals(seen, ["go", "false"]);
});

for (const over of ["call", "call.readable"]) {
  Deno.test(`server stream, over TCP: break in for await over \`${over}\` cancels: the handler's signal aborts with 12007`, async () => {
    const reason = Promise.withResolvers<unknown>();
    await using pair = await TcpPair.open(service({
      async *list(_request, stream) {
        try {
          for (let n = 0;; n++) yield String(n);
        } finally {
          reason.resolve(stream.signal.reason);
        }
      },
    }));
    const call = createClient(Test, pair.connection).list("go");
    const messages: AsyncIterable<string> = over === "call" ? call : call.readable;
    for await (const message of messages) {
      if (message === "2") break;
    }
    const error = await reason.promise;
    assertInstanceOf(error, TTStreamError);
    assertEquals(
      error.message,
      `[ttstream error, code=12007] [server-side stream] [canceled path: ServiceA] ${CANCELED}`,
    );
    assertEquals(
      await rejectionText(call.trailer),
      `[ttstream error, code=12007] [client-side stream] ${CANCELED}`,
    );
  });

  Deno.test(`server stream: a cancel in an iteration of \`${over}\` rejects the read that waits`, async () => {
    await using script = new ClientScript();
    const controller = new AbortController();
    const call = createClient(Test, script.connection).list("go", { signal: controller.signal });
    const messages: AsyncIterable<string> = over === "call" ? call : call.readable;
    const seen: string[] = [];
    const loop = (async () => {
      for await (const message of messages) {
        seen.push(message);
        controller.abort("enough");
      }
    })();
    await script.peer.send(header, data("one"), data("never read"));
    assertEquals(await rejectionText(loop), "[ttstream error, code=12008] [client-side stream] enough");
    assertEquals(seen, ["one"]);
    assertEquals(await script.left(), [
      "Header {isn: Test}",
      "Data go",
      "Trailer",
      "Rst 12008 enough {ttscp: ServiceA}",
    ]);
  });
}

Deno.test("server stream: an iteration of the call rejects with the stream's end although `readable` was looked at meanwhile", async () => {
  await using script = new ClientScript();
  const call = createClient(Test, script.connection).list("go");
  const iterator = call[Symbol.asyncIterator]();
  const next = rejectionText(iterator.next());
  assertEquals(call.readable.locked, true);
  await script.peer.send(header, { type: FrameType.Rst });
  assertEquals(await next, "[ttstream error, code=13] [client-side stream] rst");
  assertEquals((await iterator.next()).done, true);
});

Deno.test("server stream: an iterator's return() ends a next() that waits", async () => {
  await using script = new ClientScript();
  const iterator = createClient(Test, script.connection).list("go")[Symbol.asyncIterator]();
  const next = iterator.next();
  await script.peer.expect(FrameType.Header);
  assertEquals((await iterator.return?.())?.done, true);
  assertEquals((await next).done, true);
  assertEquals(await script.left(), ["Data go", "Trailer", `Rst 12007 ${CANCELED} {ttscp: ServiceA}`]);
});

Deno.test("server stream: a break at the last message, its Trailer here already, writes nothing", async () => {
  await using script = new ClientScript();
  const call = createClient(Test, script.connection).list("go");
  await script.peer.send(header, data("all"), { type: FrameType.Trailer, metadata: { cost: "3" } });
  await call.trailer;
  for await (const message of call) {
    assertEquals(message, "all");
    break;
  }
  assertEquals(await call.trailer, new Map([["cost", "3"]]));
  assertEquals(await script.left(), ["Header {isn: Test}", "Data go", "Trailer"]);
});

Deno.test("bidirectional, over TCP: an echo that pipes its streams into each other ends well, and is cancelled well", async () => {
  const reasons: unknown[] = [];
  const ended = Promise.withResolvers<void>();
  await using pair = await TcpPair.open(async (stream) => {
    try {
      await stream.readable.pipeTo(stream.writable);
    } finally {
      if (stream.signal.aborted) {
        reasons.push(await aborted(stream.signal));
        ended.resolve();
      }
    }
  });
  const target = { service: "Test", method: "chat" };
  const well = pair.connection.openStream(target);
  const sent = ReadableStream.from([bytes("one"), bytes("two")]).pipeTo(well.writable);
  assertEquals(await Array.fromAsync(well.readable, string), ["one", "two"]);
  await sent;
  const cancelled = pair.connection.openStream(target);
  const reader = cancelled.readable.getReader();
  await cancelled.writable.getWriter().write(bytes("one"));
  assertEquals(string((await reader.read()).value), "one");
  await reader.cancel("enough");
  await ended.promise;
  assertEquals(
    reasons.map((reason) => reason instanceof TTStreamError && reason.message),
    ["[ttstream error, code=12008] [server-side stream] [canceled path: ServiceA] enough"],
  );
  assertEquals(pair.errors, []);
});
