/** Unary calls over TTHeader, from our client to our server, over TCP. */
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  BizStatusError,
  type CallOptions,
  type Client,
  type Connection,
  type ConnectionOptions,
  connectOver,
  createClient,
  defineService,
  type Handler,
  implement,
  type Implementation,
  serveOver,
  type Server,
  type ServerConnection,
  TTStreamError,
} from "../../../mod.ts";
import { grpc } from "../../../src/grpc/mod.ts";
import { aborted } from "../../support/events.ts";
import { streamErrorOf } from "../../support/failures.ts";
import { countingSignal } from "../../support/listeners.ts";
import { connectTo, serveLocally } from "../../support/loopback.ts";
import { duplexPair } from "../../support/pair.ts";
import { messageOf, rejection } from "../../support/rejection.ts";
import { NotThere, Words } from "../../support/unary_service.ts";

type Methods = typeof Words.methods;

const plain: Implementation<Methods> = {
  shout: (text) => text.toUpperCase(),
  find: (text) => {
    throw new NotThere(text, 3);
  },
  note() {},
  async *repeat(text) {
    for (let i = 0; i < 3; i++) yield text;
  },
};

/** A server and a client of it. */
interface Played extends AsyncDisposable {
  readonly server: Server<Deno.NetAddr>;
  readonly connection: Connection;
  readonly client: Client<Methods>;
  readonly reported: string[];
}

async function play(
  own: Partial<Implementation<Methods>>,
  { client, defaults }: { client?: ConnectionOptions; defaults?: CallOptions } = {},
): Promise<Played> {
  const reported: string[] = [];
  const server = serveLocally(implement(Words, { ...plain, ...own }), {
    onError: (error) => void reported.push(messageOf(error)),
  });
  const connection = await connectTo(server, client);
  return {
    server,
    connection,
    client: createClient(Words, connection, defaults),
    reported,
    async [Symbol.asyncDispose]() {
      await connection[Symbol.asyncDispose]();
      await server.shutdown();
    },
  };
}

Deno.test("a unary call is answered, beside streams of the same connection", async () => {
  await using played = await play({});
  const { client } = played;
  const [shouted, repeated] = await Promise.all([
    client.shout("hi"),
    Array.fromAsync(client.repeat("again")),
  ]);
  assertEquals(shouted, "HI");
  assertEquals(repeated, ["again", "again", "again"]);
});

Deno.test("a declared exception rejects the call with its class's instance, closes it, and is reported to nobody", async () => {
  await using played = await play({});
  const call = played.client.find("tea");
  const error = await rejection(call);
  assertInstanceOf(error, NotThere);
  assertEquals([error.what, error.tries], ["tea", 3]);
  assertStrictEquals(await rejection(call.closed), error);
  assertEquals(played.reported, []);
});

Deno.test("a business error comes as one, with its extra strings", async () => {
  await using played = await play({
    shout: () => {
      throw new BizStatusError(404, "no such word", { word: "x" });
    },
  });
  const error = await rejection(played.client.shout("x"));
  assertInstanceOf(error, BizStatusError);
  assertEquals([error.statusCode, error.statusMessage, error.extra], [404, "no such word", { word: "x" }]);
});

Deno.test("what a handler throws is exception 6 at the client, and goes to onError", async () => {
  await using played = await play({
    shout: () => {
      throw new Error("the kettle is broken");
    },
  });
  const error = await streamErrorOf(played.client.shout("x"));
  assertEquals([error.code, error.exceptionType, error.description], [
    12001,
    6,
    "biz error: the kettle is broken",
  ]);
  assertEquals([error.service, error.method, error.retryable], ["Words", "Shout", false]);
  assertEquals(played.reported, ["the kettle is broken"]);
});

Deno.test("oneway: the promise resolves when the request has left, and a handler's error goes to onError alone", async () => {
  const { promise: came, resolve } = Promise.withResolvers<string>();
  await using played = await play({
    note(text) {
      resolve(text);
      throw new Error("not noted");
    },
  });
  assertEquals(await played.client.note("remember"), undefined);
  assertEquals(await came, "remember");
  assertEquals(await played.client.shout("on"), "ON");
  assertEquals(played.reported, ["not noted"]);
});

Deno.test("metainfo goes there, header and trailer come back", async () => {
  await using played = await play({
    shout(text, stream) {
      stream.header.set("model", "v2");
      stream.trailer.set("cost", "7");
      return `${text} ${stream.metainfo.persistent.get("user")} ${stream.metainfo.transient.get("hop")}`;
    },
  });
  const call = played.client.shout("hi", {
    metainfo: { persistent: { user: "ada" }, transient: { hop: "1" } },
  });
  assertEquals(await call, "hi ada 1");
  const expected = new Map([["model", "v2"], ["cost", "7"]]);
  assertEquals(await call.header, expected);
  assertEquals(await call.trailer, expected);
});

Deno.test("a time-out ends the call in Kitex's words, and the server knows of the deadline", async () => {
  const { promise: seen, resolve } = Promise.withResolvers<number | undefined>();
  await using played = await play({
    async shout(text, stream) {
      resolve(stream.deadline);
      await new Promise<void>((done) =>
        stream.signal.addEventListener("abort", () => done(), { once: true })
      );
      return text;
    },
  });
  const error = await streamErrorOf(played.client.shout("hi", { timeoutMs: 50 }));
  assertEquals([error.code, error.kind, error.description], [
    12015,
    "timeout",
    "rpc timeout: timeout=50ms, to=Words, method=Shout",
  ]);
  assertInstanceOf(error, TTStreamError);
  const deadline = await seen;
  assertEquals(deadline !== undefined && deadline - Date.now() < 50, true);
});

Deno.test("a signal ends the wait at once, and the calls beside it go on", async () => {
  const gates = new Map<string, () => void>();
  await using played = await play({
    async shout(text) {
      if (text !== "first") await new Promise<void>((open) => gates.set(text, open));
      return text;
    },
  });
  const { client } = played;
  await client.shout("first");
  const controller = new AbortController();
  const stopped = client.shout("stopped", { signal: controller.signal });
  const other = client.shout("other");
  while (gates.size < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  controller.abort();
  const error = await streamErrorOf(stopped);
  assertEquals([error.code, error.kind], [12007, "canceled"]);
  gates.get("stopped")?.();
  gates.get("other")?.();
  assertEquals(await other, "other");
  assertEquals(await client.shout("first"), "first");
});

Deno.test("five thousand calls at a time share a few connections to a server of ours, and none is refused", async () => {
  let most = 0;
  let now = 0;
  const peers = new Set<string>();
  await using played = await play({
    async shout(text, stream) {
      most = Math.max(most, ++now);
      peers.add(JSON.stringify(stream.remoteAddr));
      await new Promise((resolve) => setTimeout(resolve, 1));
      now--;
      return text;
    },
  });
  await played.client.shout("first");
  peers.clear();
  const texts = Array.from({ length: 5000 }, (_, i) => `call ${i}`);
  assertEquals(await Promise.all(texts.map((text) => played.client.shout(text))), texts);
  assert(peers.size > 1 && peers.size <= 16, `${peers.size} connections`);
  assertEquals(most > 100, true);
});

Deno.test("an unknown method is exception 1 and an unknown service exception 20, in Kitex's words", async () => {
  await using played = await play({});
  const call = async (service: string, method: string) => {
    const stream = played.connection.openStream({ service, method, kind: "unary" });
    await stream.send(new Uint8Array(1));
    await stream.writable.close();
    return await streamErrorOf(stream.closed);
  };
  const method = await call("Words", "Whisper");
  assertEquals([method.exceptionType, method.description], [1, "unknown method Whisper (service Words)"]);
  const service = await call("Numbers", "Add");
  assertEquals([service.exceptionType, service.description], [20, "unknown service Numbers, method Add"]);
  // A method that streams is none of the unary ones.
  const streaming = await call("Words", "Repeat");
  assertEquals([streaming.exceptionType, streaming.description], [
    1,
    "unknown method Repeat (service Words)",
  ]);
});

Deno.test("over gRPC declared exceptions and oneway methods are the same", async () => {
  const noted: string[] = [];
  const [clientEnd, serverEnd] = duplexPair();
  const serving = serveOver(
    serverEnd,
    implement(Words, { ...plain, note: (text) => void noted.push(text) }),
    {
      protocols: [grpc()],
    },
  );
  const connection = connectOver(clientEnd, { protocol: grpc() });
  const client = createClient(Words, connection);
  const call = client.find("tea");
  const error = await rejection(call);
  assertInstanceOf(error, NotThere);
  assertStrictEquals(await rejection(call.closed), error);
  assertEquals(await client.note("remember"), undefined);
  assertEquals(noted, ["remember"]);
  await connection.close();
  await serving.finished;
});

Deno.test("only unary methods have exceptions and can be oneway", () => {
  const { request, response } = Words.methods.find;
  const define = (fields: object) => () =>
    defineService("S", { m: { kind: "server", request, response, ...fields } });
  assertThrows(define({ throws: [NotThere] }), TypeError, "S.m: only a unary method has declared exceptions");
  assertThrows(define({ oneway: true }), TypeError, "S.m: only a unary method can be oneway");
  assertThrows(define({ kind: "unary", throws: [1] }), TypeError, "S.m: throws must be an array of classes");
  assertThrows(define({ kind: "unary", oneway: 1 }), TypeError, "S.m: oneway must be a boolean, got 1");
});

Deno.test("the end of a stream cancels the unary calls that are made for it, across protocols", async () => {
  const { promise: below, resolve } = Promise.withResolvers<unknown>();
  await using down = await play({
    async shout(_, { signal }) {
      signal.addEventListener("abort", () => resolve(signal.reason));
      began.resolve();
      await below;
      return "";
    },
  });
  const began = Promise.withResolvers<void>();
  await using up = await play({
    async *repeat(text, stream) {
      yield await down.client.shout(text, { parent: stream });
    },
  });
  const controller = new AbortController();
  const call = up.client.repeat("hi", { signal: controller.signal });
  const ended = streamErrorOf(Array.fromAsync(call));
  await began.promise;
  controller.abort(new Error("enough"));
  assertEquals((await ended).code, 12008);
  const reason = await below;
  assertInstanceOf(reason, TTStreamError);
  assertEquals(reason.code, 12013);
});

Deno.test("calls leave no listener on a signal that outlives them, however they end", async () => {
  await using played = await play({
    async shout(text, stream) {
      if (text === "fail") throw new Error("no");
      if (text === "late") await aborted(stream.signal);
      return text;
    },
  });
  const { controller, listeners } = countingSignal();
  const { signal } = controller;
  const { client } = played;
  await Promise.all(Array.from({ length: 50 }, () => client.shout("hi", { signal })));
  await streamErrorOf(client.shout("fail", { signal }));
  await rejection(client.find("x", { signal }));
  await client.note("x", { signal });
  await streamErrorOf(client.shout("late", { signal, timeoutMs: 1 }));
  const given = client.shout("up", { signal });
  given.cancel();
  await streamErrorOf(given);
  assertEquals(listeners(), 0);
});

function memoryPair(handler: Handler): { connection: Connection; serving: ServerConnection } {
  const [clientEnd, serverEnd] = duplexPair();
  return { connection: connectOver(clientEnd), serving: serveOver(serverEnd, handler) };
}

Deno.test("connectOver carries what comes first, streams or unary calls, and says so of the other", async () => {
  {
    const { connection, serving } = memoryPair(implement(Words, plain));
    const client = createClient(Words, connection);
    assertEquals(await client.shout("hi"), "HI");
    assertEquals(await client.shout("ho"), "HO");
    const error = await streamErrorOf(Array.fromAsync(client.repeat("x")));
    assertEquals(error.code, 12006);
    assertEquals(error.description.startsWith("streams need a connection of their own"), true);
    await connection.close();
    await serving.finished;
  }
  {
    const { connection, serving } = memoryPair(implement(Words, plain));
    const client = createClient(Words, connection);
    assertEquals(await Array.fromAsync(client.repeat("x")), ["x", "x", "x"]);
    const error = await streamErrorOf(client.shout("hi"));
    assertEquals(error.code, 12006);
    assertEquals(error.description.startsWith("unary calls need a connection of their own"), true);
    await connection.close();
    await serving.finished;
  }
});

Deno.test("a lost connection rejects the calls under way", async () => {
  const { promise: began, resolve } = Promise.withResolvers<void>();
  const { promise: aborted, resolve: seeAbort } = Promise.withResolvers<unknown>();
  const { connection, serving } = memoryPair(implement(Words, {
    ...plain,
    async shout(_, stream) {
      stream.signal.addEventListener("abort", () => seeAbort(stream.signal.reason));
      resolve();
      return await new Promise<never>((_, reject) =>
        stream.signal.addEventListener("abort", () => reject(stream.signal.reason))
      );
    },
  }));
  const call = createClient(Words, connection).shout("hi");
  await began;
  connection.abort(new Error("enough"));
  await assertRejects(() => call);
  assertInstanceOf(await aborted, TTStreamError);
  await serving.finished;
});
