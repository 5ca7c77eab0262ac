/** Unary calls, over gRPC. */
import { assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import {
  BizStatusError,
  type Client,
  type Codec,
  type Connection,
  connectOver,
  createClient,
  defineService,
  type Handler,
  implement,
  type Implementation,
  retry,
  serveOver,
  type StreamOpener,
  ttheader,
  type UnaryCall,
  type UnaryServerStream,
  wrapStream,
} from "../../mod.ts";
import { grpc } from "../../src/grpc/mod.ts";
import { bytes, string, text } from "../support/codecs.ts";
import { aborted } from "../support/events.ts";
import { grpcErrorOf, streamErrorOf } from "../support/failures.ts";
import { connectTo, serveLocally } from "../support/loopback.ts";
import { duplexPair } from "../support/pair.ts";
import { messageOf, rejection, rejectionText } from "../support/rejection.ts";

const Words = defineService("Words", {
  shout: { kind: "unary", name: "Shout", request: text, response: text },
});
type Methods = typeof Words.methods;

/** A client and a server with nothing in between; what came to `onError` is in `reported`. */
interface Pair extends AsyncDisposable {
  readonly connection: Connection;
  readonly client: Client<Methods>;
  readonly reported: string[];
}

function pair(handler: Handler): Pair {
  const [clientEnd, serverEnd] = duplexPair();
  const reported: string[] = [];
  const serving = serveOver(serverEnd, handler, {
    protocols: [grpc()],
    onError: (error) => void reported.push(messageOf(error)),
  });
  const connection = connectOver(clientEnd, { protocol: grpc() });
  return {
    connection,
    client: createClient(Words, connection),
    reported,
    async [Symbol.asyncDispose]() {
      await connection[Symbol.asyncDispose]();
      await serving.finished;
    },
  };
}

function serving(shout: Implementation<Methods>["shout"]): Pair {
  return pair(implement(Words, { shout }));
}

/** A stream to the server's unary method, so that a test may send what no unary call does. */
function rawly({ connection }: Pair) {
  return connection.openStream({ service: "Words", method: "Shout" });
}

class Shouting implements Implementation<Methods> {
  readonly #mark = "!";

  shout(request: string, _stream: UnaryServerStream): Promise<string> {
    return Promise.resolve(request.toUpperCase() + this.#mark);
  }
}

const styles: Record<string, Implementation<Methods>> = {
  "a function": { shout: (request) => `${request.toUpperCase()}!` },
  "an async function": { shout: async (request) => `${await Promise.resolve(request.toUpperCase())}!` },
  "a class": new Shouting(),
};

for (const [style, implementation] of Object.entries(styles)) {
  Deno.test(`a unary method, implemented as ${style}, answers each call`, async () => {
    await using words = pair(implement(Words, implementation));
    assertEquals(await words.client.shout("hi"), "HI!");
    assertEquals(await Promise.all(["a", "", "c"].map((word) => words.client.shout(word))), [
      "A!",
      "!",
      "C!",
    ]);
    assertEquals(words.reported, []);
  });
}

Deno.test("a unary call over real TCP", async () => {
  await using server = serveLocally(implement(Words, new Shouting()), { protocols: [grpc()] });
  await using connection = await connectTo(server, { protocol: grpc() });
  assertEquals(await createClient(Words, connection).shout("hi"), "HI!");
});

Deno.test("a unary call has the header, the trailer and the end beside its response", async () => {
  await using words = serving((request, stream) => {
    stream.header.set("server", "one");
    stream.trailer.set("cost", "3");
    return `${request} from ${stream.metadata.get("name")} with ${
      stream.metainfo.persistent.get("USER")
    } to ${stream.service}.${stream.method}`;
  });
  await using call = words.client.shout("hi", {
    metadata: { name: "Ann" },
    metainfo: { persistent: { USER: "7" } },
  });
  assertEquals((await call.header).get("server"), "one");
  assertEquals(await call, "hi from Ann with 7 to Words.Shout");
  assertEquals((await call.trailer).get("cost"), "3");
  await call.closed;
});

Deno.test("a unary call is a promise in every way that one is used", async () => {
  await using words = serving((request) => {
    if (request === "bad") throw new BizStatusError(404, "no such word");
    return request.toUpperCase();
  });
  const call = words.client.shout("a");
  const promise: Promise<string> = call;
  assertEquals(await promise.then((response) => response + response), "AA");
  assertEquals(await call, "A", "it may be awaited again");
  const steps: string[] = [];
  assertEquals(await call.finally(() => void steps.push("finally")), "A");
  assertEquals(
    await words.client.shout("bad").then(undefined, messageOf),
    "biz error: code=404, msg=no such word",
  );
  assertEquals(await words.client.shout("bad").catch(messageOf), "biz error: code=404, msg=no such word");
  const [good, bad] = await Promise.allSettled([words.client.shout("b"), words.client.shout("bad")]);
  assertEquals([good.status, bad.status], ["fulfilled", "rejected"]);
  assertEquals(steps, ["finally"]);
  assertEquals(Object.prototype.toString.call(call), "[object UnaryCall]");
});

Deno.test("a unary call that is handed on through a Proxy is still a promise", async () => {
  await using words = serving((request) => request.toUpperCase());
  const call = new Proxy(words.client.shout("a"), {});
  assertEquals(await call, "A");
  await call.closed;
});

Deno.test("a rejection that nobody awaits ends no process, and whoever awaits it later sees it", async () => {
  await using words = serving(() => {
    throw new BizStatusError(404, "no such word");
  });
  const call = words.client.shout("a");
  const end = await rejection(call.closed);
  // A rejection that nobody has handled is reported within this turn of the event loop, and fails the test.
  await new Promise((resolve) => setTimeout(resolve));
  assertStrictEquals(await rejection(call), end);
  assertInstanceOf(end, BizStatusError);
  assertEquals(end.statusCode, 404);
});

Deno.test("a unary call resolves with the end, not with its message: an error behind it rejects the call", async () => {
  const release = Promise.withResolvers<void>();
  const sent = Promise.withResolvers<void>();
  await using words = pair(async (stream) => {
    await stream.send(bytes("early"));
    sent.resolve();
    await release.promise;
    throw new Error("after all");
  });
  const call = words.client.shout("a");
  let settled = false;
  const watching = call.then(() => settled = true, () => settled = true);
  await sent.promise;
  await call.header;
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(settled, false);
  release.resolve();
  const error = await rejection(call);
  assertEquals(messageOf(error), "rpc error: code = 13 desc = after all [biz error]");
  assertStrictEquals(await rejection(call.closed), error);
  await watching;
});

Deno.test("a server that ends without a response rejects the call with code 13, and its trailer resolves", async () => {
  await using words = pair((stream) => {
    stream.trailer.set("cost", "3");
    return Promise.resolve();
  });
  const call = words.client.shout("a");
  const error = await grpcErrorOf(call);
  assertEquals(
    error.message,
    "rpc error: code = 13 desc = stream ended without a response",
  );
  assertEquals([error.kind, error.service, error.method], ["application", "Words", "Shout"]);
  assertEquals((await call.trailer).get("cost"), "3");
});

Deno.test("a second response is dropped, even one that cannot be decoded", async () => {
  await using words = pair(async (stream) => {
    for (const message of ["first", "second", "third"]) await stream.send(bytes(message));
  });
  const picky: Codec<string> = {
    encode: text.encode,
    decode(payload) {
      const message = text.decode(payload);
      if (message !== "first") throw new Error(`decoded ${message}`);
      return message;
    },
  };
  const Picky = defineService("Words", { shout: { ...Words.methods.shout, response: picky } });
  assertEquals(await createClient(Picky, words.connection).shout("a"), "first");
});

Deno.test("a request that cannot be encoded errors its unary call and never reaches a connection", async () => {
  const Picky = defineService("Picky", {
    shout: {
      kind: "unary",
      request: {
        encode(): Uint8Array {
          throw new TypeError("not this one");
        },
        decode: () => "",
      },
      response: text,
    },
  });
  let opened = 0;
  const opener: StreamOpener = {
    protocol: "grpc",
    openStream() {
      opened++;
      throw new Error("opened");
    },
  };
  const call = createClient(Picky, opener).shout("x");
  const message = await rejectionText(call);
  assertEquals(message, "rpc error: code = 1 desc = not this one");
  assertEquals(await rejectionText(call.header), message);
  assertEquals(await rejectionText(call.closed), message);
  assertEquals(opened, 0);
});

Deno.test("a response that cannot be decoded rejects the call, and the handler hears why", async () => {
  const heard = Promise.withResolvers<unknown>();
  await using words = pair(async (stream) => {
    await stream.send(bytes("x"));
    heard.resolve(await aborted(stream.signal));
  });
  const bad: Codec<string> = {
    encode: text.encode,
    decode(): string {
      throw new Error("not this one");
    },
  };
  const Bad = defineService("Words", { shout: { ...Words.methods.shout, response: bad } });
  const error = await grpcErrorOf(createClient(Bad, words.connection).shout("a"));
  assertEquals(error.message, "rpc error: code = 1 desc = not this one");
  assertEquals(
    messageOf(await heard.promise),
    CANCELED,
  );
});

Deno.test("a unary method that gets no request is not called, and answers so", async () => {
  let called = 0;
  await using words = serving(() => {
    called++;
    return "";
  });
  const stream = rawly(words);
  await stream.writable.close();
  const error = await grpcErrorOf(Array.fromAsync(stream));
  assertEquals(error.message, "rpc error: code = 13 desc = no request message");
  assertEquals(called, 0);
});

Deno.test("a second request is dropped", async () => {
  await using words = serving((request) => request.toUpperCase());
  const stream = rawly(words);
  await stream.sendAll([bytes("first"), bytes("second")]);
  assertEquals(await Array.fromAsync(stream, string), ["FIRST"]);
  assertEquals(words.reported, []);
});

Deno.test("what a unary method throws rejects its call, and comes to onError", async () => {
  await using words = serving((request) => {
    throw new Error(`no ${request}`);
  });
  assertEquals(
    await rejectionText(words.client.shout("luck")),
    "rpc error: code = 13 desc = no luck [biz error]",
  );
  assertEquals(words.reported, ["no luck"]);
});

/** What a handler reads whose call has been cancelled, by whatever. */
const CANCELED =
  "rpc error: code = 1 desc = transport: RSTStream Frame received with error code: CANCEL [triggered by ]";

/** What ends a unary call early, and what its promise rejects with. */
const ends: Record<string, { text: string; end(call: UnaryCall<string>, abort: AbortController): unknown }> =
  {
    "cancel()": { text: "enough", end: (call) => call.cancel("enough") },
    "its signal": { text: "enough", end: (_call, abort) => abort.abort("enough") },
    "the end of its scope": { text: "context canceled", end: (call) => call[Symbol.asyncDispose]() },
  };

for (const [by, { text, end }] of Object.entries(ends)) {
  Deno.test(`a unary call that ${by} ends rejects, and its handler hears of it`, async () => {
    const begun = Promise.withResolvers<void>();
    const reason = Promise.withResolvers<unknown>();
    await using words = serving(async (_request, { signal }) => {
      begun.resolve();
      reason.resolve(await aborted(signal));
      return "too late";
    });
    const abort = new AbortController();
    const call = words.client.shout("a", { signal: abort.signal });
    await begun.promise;
    await end(call, abort);
    const error = await grpcErrorOf(call);
    assertEquals([error.code, error.description], [1, text]);
    assertStrictEquals(await rejection(call.closed), error);
    assertEquals(messageOf(await reason.promise), CANCELED);
  });
}

Deno.test("leaving the scope of a unary call that has been answered cancels nothing", async () => {
  const reason = Promise.withResolvers<unknown>();
  await using words = serving(async (request, { signal }) => {
    aborted(signal).then(reason.resolve);
    return await Promise.resolve(request);
  });
  {
    await using call = words.client.shout("a");
    assertEquals(await call, "a");
  }
  // The handler's own return ends the stream, not a cancel.
  assertEquals(
    messageOf(await reason.promise),
    "rpc error: code = 1 desc = transport: canceled by business handler returning",
  );
});

Deno.test("recvTimeoutMs runs for the response, and again for the end behind it", async () => {
  await using words = pair(async (stream) => {
    if (stream.metadata.get("answer") === "yes") await stream.send(bytes("early"));
    await aborted(stream.signal);
  });
  for (const answer of ["yes", "no"]) {
    const error = await grpcErrorOf(words.client.shout("a", { metadata: { answer }, recvTimeoutMs: 20 }));
    assertEquals([error.code, error.kind], [17, "timeout"], answer);
  }
});

Deno.test("a unary call works through an opener and a middleware that wrap its stream", async () => {
  const loud = () =>
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform: (message, controller) => controller.enqueue(bytes(`${string(message)}!`).slice()),
    });
  const handler = implement(Words, { shout: (request) => request.toUpperCase() });
  await using words = pair((stream) =>
    handler(wrapStream(stream, { readable: stream.readable.pipeThrough(loud()) }))
  );
  const opener: StreamOpener = {
    openStream(target, options) {
      const stream = words.connection.openStream(target, options);
      return wrapStream(stream, { readable: stream.readable.pipeThrough(loud()) });
    },
  };
  const call = createClient(Words, opener).shout("a");
  assertEquals(await call, "A!!");
  await call.closed;
  const Other = defineService("Words", { nope: { ...Words.methods.shout, name: "Nope" } });
  const error = await grpcErrorOf(createClient(Other, opener).nope("a"));
  assertEquals([error.code, error.description], [12, "unknown method Nope"]);
  assertEquals(words.reported, []);
});

Deno.test("wrapStream replaces the response of a unary call, and what tells of it", async () => {
  await using words = serving((request) => request.toUpperCase());
  const call = words.client.shout("a");
  const header = Promise.resolve(new Map([["mine", "1"]]));
  const wrapped = wrapStream(call, { header, response: call.then((response) => `${response}?`) });
  assertEquals(await wrapped, "A?");
  assertEquals(await wrapped.catch(() => ""), "A?");
  assertEquals(await wrapped.finally(() => {}), "A?");
  assertStrictEquals(wrapped.header, header);
  assertEquals(await wrapped.trailer, await call.trailer);
  await wrapped.closed;
  assertEquals(await wrapStream(call, {}), "A");
});

Deno.test("a wrapped unary call that fails and that nobody awaits ends no process", async () => {
  await using words = serving(() => {
    throw new BizStatusError(404, "no such word");
  });
  const call = words.client.shout("a");
  const wrapped = wrapStream(call, { response: call.then((response) => `${response}?`) });
  const end = await rejection(wrapped.closed);
  // A rejection that nobody has handled is reported within this turn of the event loop, and fails the test.
  await new Promise((resolve) => setTimeout(resolve));
  assertStrictEquals(await rejection(wrapped), end);
});

Deno.test("a unary call is tried again with its request, and has the answer of the attempt that counts", async () => {
  const requests: string[] = [];
  await using words = serving((request, stream) => {
    requests.push(request);
    stream.trailer.set("attempt", String(requests.length));
    if (requests.length < 3) throw new Error(`attempt ${requests.length}`);
    return request.toUpperCase();
  });
  const opener = retry(words.connection, { retryable: () => true, backoff: { initialMs: 0.1 } });
  const call = createClient(Words, opener).shout("a");
  assertEquals(await call, "A");
  assertEquals((await call.trailer).get("attempt"), "3");
  assertEquals(requests, ["a", "a", "a"]);
});

Deno.test("a unary call that is given up in its scope cancels what its handler calls in turn", async () => {
  const below = Promise.withResolvers<unknown>();
  const begun = Promise.withResolvers<void>();
  await using down = serving(async (_request, { signal }) => {
    begun.resolve();
    below.resolve(await aborted(signal));
    return "";
  });
  await using up = serving((request, stream) => down.client.shout(request, { parent: stream }));
  const call = up.client.shout("a");
  await begun.promise;
  await call.cancel(new Error("enough"));
  assertEquals(messageOf(await below.promise), CANCELED);
  await rejection(call);
});

Deno.test("over TTHeader Streaming a server has no unary method, and refuses the stream in its ordinary words", async () => {
  const [clientEnd, serverEnd] = duplexPair();
  let called = 0;
  const handler = implement(Words, { shout: () => String(called++) });
  const serving = serveOver(serverEnd, handler, { protocols: [grpc(), ttheader()] });
  const connection = connectOver(clientEnd);
  const stream = connection.openStream({ service: "Words", method: "Shout" });
  const error = await streamErrorOf(Array.fromAsync(stream));
  assertEquals([error.exceptionType, error.description], [1, "unknown method Shout"]);
  assertEquals(called, 0);
  await connection.close();
  await serving.finished;
});
