/** How a client's unary calls share connections, against servers that are scripted on the wire. */
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import {
  BizStatusError,
  type Client,
  connect,
  type Connection,
  type ConnectionOptions,
  connectOver,
  createClient,
  createPool,
  implement,
  retry,
  serveOver,
  type ServerConnection,
} from "../../../mod.ts";
import { MessageType, type UnaryMessage } from "../../../src/ttheader/unary/message.ts";
import { aborted } from "../../support/events.ts";
import { streamErrorOf } from "../../support/failures.ts";
import { serveLocally } from "../../support/loopback.ts";
import { duplexPair } from "../../support/pair.ts";
import { rejection } from "../../support/rejection.ts";
import { turns } from "../../support/turns.ts";
import { type MessageInit, UnaryPeer } from "../../support/unary_peer.ts";
import { stringArgs, stringResult, Words } from "../../support/unary_service.ts";

const OUT_OF_ORDER = 1;

/** A call as a scripted server has got it. */
interface Asked {
  readonly peer: UnaryPeer;
  readonly message: UnaryMessage;
  readonly text: string;
  answer(init?: MessageInit & { readonly text?: string }): Promise<void>;
}

/** A server of no protocol but what a test says: it takes connections, and hands out what comes on any of them. */
class ScriptedServer implements AsyncDisposable {
  readonly #listener: Deno.TcpListener;
  readonly #peers: UnaryPeer[] = [];
  readonly #asked: Asked[] = [];
  #wake: (() => void) | undefined;
  readonly #accepting: Promise<void>;
  readonly #reading: Promise<void>[] = [];
  /** Connections on which something has come, and those of them that the client has closed. */
  used = 0;
  closed = 0;

  constructor() {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#accepting = this.#accept();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** The next call on any connection. */
  async next(): Promise<Asked> {
    for (;;) {
      const asked = this.#asked.shift();
      if (asked !== undefined) return asked;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  /** Waits until something is so: it is looked at whenever something happens. */
  async until(so: () => boolean): Promise<void> {
    while (!so()) await new Promise<void>((resolve) => this.#wake = resolve);
  }

  /** How many calls have come that nobody has taken. */
  get waiting(): number {
    return this.#asked.length;
  }

  async #accept(): Promise<void> {
    try {
      for await (const conn of this.#listener) {
        const peer = new UnaryPeer(conn);
        this.#peers.push(peer);
        this.#reading.push(this.#read(peer));
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }

  async #read(peer: UnaryPeer): Promise<void> {
    let first = true;
    for (;;) {
      const message = await peer.next().catch(() => undefined);
      if (message === undefined) break;
      if (first) this.used++;
      first = false;
      const { id, method } = message;
      const text = stringArgs.decode(message.payload);
      this.#asked.push({
        peer,
        message,
        text,
        answer: ({ text: answer = text.toUpperCase(), ...init } = {}) =>
          peer.send({
            id,
            method,
            type: MessageType.Reply,
            metadata: new Map(),
            payload: stringResult.encode(answer),
            ...init,
          }),
      });
      this.#wake?.();
    }
    if (!first) this.closed++;
    this.#wake?.();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await Promise.all(this.#peers.map((peer) => peer.close()));
    await this.#accepting;
    await Promise.all(this.#reading);
  }
}

interface Play extends AsyncDisposable {
  readonly server: ScriptedServer;
  readonly connection: Connection;
  readonly client: Client<typeof Words.methods>;
}

async function play(options: ConnectionOptions = {}): Promise<Play> {
  const server = new ScriptedServer();
  const connection = await connect({ ...options, port: server.port });
  return {
    server,
    connection,
    client: createClient(Words, connection),
    async [Symbol.asyncDispose]() {
      await connection[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

Deno.test("a request is a TTHeader call that names caller, service, method, metainfo and time-out", async () => {
  await using played = await play({ serviceName: "Caller" });
  const call = played.client.shout("hi", {
    metainfo: { persistent: { user: "ada" } },
    metadata: { raw: "key" },
    timeoutMs: 5_000,
  });
  const asked = await played.server.next();
  const { message } = asked;
  assertEquals([message.framing, message.type, message.method, message.outOfOrder], [
    { ttheader: true, framed: false },
    MessageType.Call,
    "Shout",
    true,
  ]);
  assertEquals(message.id, message.sequenceId);
  assertEquals(message.metadata, new Map([["raw", "key"], ["RPC_PERSIST_user", "ada"], ["isn", "Words"]]));
  assert(message.timeoutMs !== undefined && message.timeoutMs > 4_000 && message.timeoutMs <= 5_000);
  await asked.answer();
  assertEquals(await call, "HI");
});

Deno.test("a server that does not say that it answers in any order gets one call at a time on each connection", async () => {
  await using played = await play({ unary: { maxConnections: 2 } });
  const { server, client } = played;
  const calls = ["a", "b", "c", "d"].map((text) => client.shout(text));
  const first = [await server.next(), await server.next()];
  assertEquals(first.map(({ text }) => text).sort(), ["a", "b"]);
  assertEquals([server.used, server.waiting], [2, 0]);
  // Either may be answered first; its connection takes the next one.
  await first[1]?.answer();
  const third = await server.next();
  assertEquals([third.text, third.peer === first[1]?.peer], ["c", true]);
  await third.answer();
  await (await server.next()).answer();
  await first[0]?.answer();
  assertEquals(await Promise.all(calls), ["A", "B", "C", "D"]);
  assertEquals(server.used, 2);
});

Deno.test("once a server has said that it answers in any order all calls share a connection", async () => {
  await using played = await play();
  const { server, client } = played;
  const first = client.shout("first");
  await (await server.next()).answer({ flags: OUT_OF_ORDER });
  await first;
  const calls = Array.from({ length: 50 }, (_, i) => client.shout(`call ${i}`));
  const asked: Asked[] = [];
  for (const _ of calls) asked.push(await server.next());
  assertEquals(new Set(asked.map(({ peer }) => peer)).size, 1);
  assertEquals(new Set(asked.map(({ message }) => message.id)).size, 50);
  for (const each of asked.reverse()) await each.answer({ flags: OUT_OF_ORDER });
  assertEquals(await Promise.all(calls), calls.map((_, i) => `CALL ${i}`));
});

Deno.test("with `mux` that is so from the first call on", async () => {
  await using played = await play({ unary: { mux: true } });
  const calls = ["a", "b", "c"].map((text) => played.client.shout(text));
  const asked = [await played.server.next(), await played.server.next(), await played.server.next()];
  assertEquals(played.server.used, 1);
  for (const each of asked.reverse()) await each.answer();
  assertEquals(await Promise.all(calls), ["A", "B", "C"]);
});

Deno.test("a call that is given up closes its connection where nothing else tells the server, and drops a late answer where others share it", async () => {
  {
    await using played = await play();
    const controller = new AbortController();
    const call = played.client.shout("stop", { signal: controller.signal });
    await played.server.next();
    controller.abort(new Error("enough"));
    const error = await streamErrorOf(call);
    assertEquals([error.code, error.description], [12008, "enough"]);
    await played.server.until(() => played.server.closed === 1);
    const next = played.client.shout("next");
    await (await played.server.next()).answer();
    assertEquals(await next, "NEXT");
  }
  {
    await using played = await play({ unary: { mux: true } });
    const late = played.client.shout("late", { timeoutMs: 20 });
    const asked = await played.server.next();
    assertEquals((await streamErrorOf(late)).code, 12015);
    const next = played.client.shout("next");
    const other = await played.server.next();
    await asked.answer();
    await other.answer();
    assertEquals(await next, "NEXT");
    assertEquals(played.server.closed, 0);
  }
});

Deno.test("over one pair of byte streams a late answer is waited for before the next call goes out", async () => {
  const [near, far] = duplexPair();
  await using connection = connectOver(near);
  await using peer = new UnaryPeer(far);
  const client = createClient(Words, connection);
  const late = client.shout("late", { timeoutMs: 20 });
  const asked = await peer.expect();
  assertEquals((await streamErrorOf(late)).code, 12015);
  const next = client.shout("next");
  await peer.send({ id: asked.id, type: MessageType.Reply, payload: stringResult.encode("LATE") });
  const second = await peer.expect();
  assertEquals(stringArgs.decode(second.payload), "next");
  await peer.send({ id: second.id, type: MessageType.Reply, payload: stringResult.encode("NEXT") });
  assertEquals(await next, "NEXT");
});

Deno.test("a oneway call that is given up owes no answer, and keeps nobody waiting", async () => {
  const [near, far] = duplexPair();
  await using connection = connectOver(near);
  await using peer = new UnaryPeer(far);
  const client = createClient(Words, connection);
  const given = client.note("given up");
  given.cancel();
  assertEquals((await streamErrorOf(given)).code, 12007);
  assertEquals((await peer.expect()).type, MessageType.Oneway);
  const next = client.shout("next");
  const asked = await peer.expect();
  await peer.send({ id: asked.id, type: MessageType.Reply, payload: stringResult.encode("NEXT") });
  assertEquals(await next, "NEXT");
});

Deno.test("a time-out is told in the same words where the server's own deadline comes first", async () => {
  const [near, far] = duplexPair();
  await using connection = connectOver(near);
  await using peer = new UnaryPeer(far);
  const client = createClient(Words, connection);
  const answered = async (call: PromiseLike<unknown>) => {
    const error = streamErrorOf(call);
    const asked = await peer.expect();
    // No timer fires meanwhile: the answer is read before the client's own.
    for (const from = performance.now(); performance.now() - from < 50;);
    const exception = { type: 12015, message: "stream timeout, timeout in ctx: 50ms" };
    await peer.send({ id: asked.id, exception });
    const { code, kind, description } = await error;
    return [code, kind, description];
  };
  const words = [12015, "timeout", "rpc timeout: timeout=50ms, to=Words, method=Shout"];
  assertEquals(await answered(client.shout("a", { timeoutMs: 50 })), words);
  const retried = createClient(Words, retry(connection));
  assertEquals(await answered(retried.shout("a", { timeoutMs: 50 })), words);
  // The server's own limit is none of the client's.
  const limit = [12015, "canceled", "stream timeout, timeout in ctx: 50ms"];
  assertEquals(await answered(client.shout("b", { timeoutMs: 5_000 })), limit);
  assertEquals(await answered(client.shout("c")), limit);
});

Deno.test("a call that waits for a connection ends with its signal and its time-out", async () => {
  await using played = await play({ unary: { maxConnections: 1 } });
  const first = played.client.shout("first");
  const asked = await played.server.next();
  const controller = new AbortController();
  const aborted = played.client.shout("aborted", { signal: controller.signal });
  const late = played.client.shout("late", { timeoutMs: 20 });
  controller.abort();
  assertEquals((await streamErrorOf(aborted)).code, 12007);
  assertEquals((await streamErrorOf(late)).code, 12015);
  await asked.answer();
  assertEquals(await first, "FIRST");
  assertEquals(played.server.waiting, 0);
});

Deno.test("exceptions, also those of proxies without an id, and business errors end the call as they do a stream", async () => {
  await using played = await play();
  const { client, server } = played;
  const answered = async (init: MessageInit): Promise<unknown> => {
    const error = rejection(client.shout("x"));
    await (await server.next()).answer(init);
    return await error;
  };
  const failed = await streamErrorOf(Promise.reject(
    await answered({ exception: { type: 6, message: "biz error: no" }, type: MessageType.Exception }),
  ));
  assertEquals([failed.code, failed.exceptionType, failed.description, failed.retryable], [
    12001,
    6,
    "biz error: no",
    false,
  ]);
  const proxied = await streamErrorOf(Promise.reject(
    await answered({ id: 0, exception: { type: 7, message: "no upstream" }, type: MessageType.Exception }),
  ));
  assertEquals(proxied.description, "no upstream");
  const refused = await streamErrorOf(Promise.reject(
    await answered({
      exception: { type: 6, message: "server is shutting down" },
      type: MessageType.Exception,
    }),
  ));
  assertEquals(refused.retryable, true);
  const biz = await answered({ metadata: new Map([["biz-status", "7"], ["biz-message", "seven"]]) });
  assertInstanceOf(biz, BizStatusError);
  assertEquals([biz.statusCode, biz.statusMessage], [7, "seven"]);
  const odd = await streamErrorOf(Promise.reject(await answered({ type: MessageType.Call })));
  assertEquals([odd.code, odd.description], [12004, "client side, invalid message type 1"]);
  // What the codec cannot read is the call's end, and the next one's no fault.
  const unread = await streamErrorOf(Promise.reject(await answered({ payload: new Uint8Array([11]) })));
  assertEquals(unread.code, 12008);
  assertEquals(server.used, 1);
});

Deno.test("a connection that the server is about to close takes no more calls", async () => {
  await using played = await play();
  const { client, server } = played;
  const first = client.shout("first");
  const asked = await server.next();
  await asked.answer({ metadata: new Map([["crrst", "1"]]) });
  assertEquals(await first, "FIRST");
  await server.until(() => server.closed === 1);
  const next = client.shout("next");
  const again = await server.next();
  assertEquals(again.peer === asked.peer, false);
  await again.answer();
  assertEquals(await next, "NEXT");
});

Deno.test("a connection that is lost rejects its calls, and the next ones have another", async () => {
  await using played = await play();
  const { client, server } = played;
  const lost = client.shout("lost");
  const asked = await server.next();
  await asked.peer.close();
  const error = await streamErrorOf(lost);
  assertEquals([error.code, error.retryable, error.service, error.method], [12006, false, "Words", "Shout"]);
  const next = client.shout("next");
  await (await server.next()).answer();
  assertEquals(await next, "NEXT");
});

Deno.test("bytes that are no messages end their connection alone", async () => {
  await using played = await play();
  const { client, server } = played;
  const broken = client.shout("broken");
  const asked = await server.next();
  await asked.peer.sendBytes(new TextEncoder().encode("HTTP/1.1 400 Bad Request"));
  const error = await streamErrorOf(broken);
  assertEquals([error.code, error.description], [
    12004,
    "invalid payload (first4Bytes=0x48545450, second4Bytes=0x2f312e31)",
  ]);
  const next = client.shout("next");
  await (await server.next()).answer();
  assertEquals(await next, "NEXT");
});

Deno.test("where nobody can be dialled all calls that wait are refused, and may be tried again", async () => {
  const server = new ScriptedServer();
  await using connection = await connect({ port: server.port });
  await server[Symbol.asyncDispose]();
  await connection.closed.catch(() => {});
  const [near] = duplexPair();
  await using other = connectOver(near, {
    dial: () => Promise.reject(new Error("the line is dead")),
  });
  const client = createClient(Words, other);
  for (const call of [client.shout("a"), client.shout("b")]) {
    const error = await streamErrorOf(call);
    assertEquals([error.code, error.description, error.retryable], [12006, "the line is dead", true]);
  }
});

Deno.test("connections without calls are closed after idleTimeoutMs", async () => {
  await using played = await play({ unary: { idleTimeoutMs: 30 } });
  const call = played.client.shout("hi");
  await (await played.server.next()).answer();
  assertEquals(await call, "HI");
  await played.server.until(() => played.server.closed === 1);
});

Deno.test("a connection whose call was given up before it was made is closed after idleTimeoutMs, too", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [near] = duplexPair();
  const gate = Promise.withResolvers<void>();
  await using connection = connectOver(near, {
    dial: () => gate.promise.then(() => Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port })),
    unary: { idleTimeoutMs: 30 },
  });
  const call = createClient(Words, connection).shout("hi");
  call.cancel();
  await streamErrorOf(call);
  gate.resolve();
  await using peer = new UnaryPeer(await listener.accept());
  assertEquals(await peer.next(), undefined);
});

Deno.test("close() lets calls end, refuses new ones, and leaves no connection", async () => {
  await using played = await play();
  const { client, connection, server } = played;
  const call = client.shout("last");
  const asked = await server.next();
  const closed = connection.close();
  const refused = await streamErrorOf(client.shout("too late"));
  assertEquals([refused.code, refused.retryable], [12006, true]);
  await asked.answer();
  assertEquals(await call, "LAST");
  await closed;
  await server.until(() => server.closed === 1);
});

Deno.test("the end of the scope cancels calls under way and those that wait", async () => {
  const server = new ScriptedServer();
  const calls: Promise<unknown>[] = [];
  {
    await using connection = await connect({ port: server.port, unary: { maxConnections: 1 } });
    const client = createClient(Words, connection);
    calls.push(streamErrorOf(client.shout("under way")), streamErrorOf(client.shout("waits")));
    await server.next();
  }
  for (const error of await Promise.all(calls)) {
    assertEquals(Reflect.get(Object(error), "code"), 12007);
  }
  await server[Symbol.asyncDispose]();
});

Deno.test("the loss of an idle connection of streams is none to unary calls, and a stream has another", async () => {
  const began = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const handler = implement(Words, {
    async shout(text) {
      began.resolve();
      await gate.promise;
      return text.toUpperCase();
    },
    async *repeat(text) {
      yield text;
    },
  });
  const servings: ServerConnection[] = [];
  const dial = () => {
    const [near, far] = duplexPair();
    servings.push(serveOver(far, handler));
    return near;
  };
  const connection = connectOver(dial(), { dial });
  const client = createClient(Words, connection);
  const call = client.shout("hi");
  await began.promise;
  const [streams] = servings;
  streams?.abort();
  await streams?.finished;
  await turns(20); // until the client has read it
  const [repeated, error] = await Promise.all([
    Array.fromAsync(client.repeat("again")),
    streamErrorOf(client.repeat("late", { signal: AbortSignal.abort() }).closed),
  ]);
  assertEquals([repeated, error.code, servings.length], [["again"], 12007, 3]);
  gate.resolve();
  assertEquals(await call, "HI");
  assertEquals(await Array.fromAsync(client.repeat("again")), ["again"]);
  await connection.close();
  for (const { finished } of servings) await finished;
});

Deno.test("a stream that waits for its connection ends with its signal, its time-out and the connection", async () => {
  const began = Promise.withResolvers<void>();
  const handler = implement(Words, {
    async shout(_, { signal }) {
      began.resolve();
      await aborted(signal);
      throw signal.reason;
    },
  });
  let dials = 0;
  const servings: ServerConnection[] = [];
  const pair = () => {
    const [near, far] = duplexPair();
    servings.push(serveOver(far, handler));
    return near;
  };
  const connection = connectOver(pair(), {
    // The streams' second connection never comes.
    dial: (signal) => ++dials === 1 ? pair() : aborted(signal).then((reason) => Promise.reject(reason)),
  });
  const client = createClient(Words, connection);
  const call = streamErrorOf(client.shout("hi"));
  await began.promise;
  servings[0]?.abort();
  await servings[0]?.finished;
  await turns(20);
  const controller = new AbortController();
  const stopped = streamErrorOf(client.repeat("a", { signal: controller.signal }).closed);
  const late = streamErrorOf(client.repeat("b", { timeoutMs: 10 }).closed);
  const left = streamErrorOf(client.repeat("c").closed);
  controller.abort();
  assertEquals([(await stopped).code, (await late).code], [12007, 12015]);
  await connection[Symbol.asyncDispose]();
  assertEquals([(await left).code, (await call).code, dials], [12007, 12007, 2]);
  for (const { finished } of servings) await finished;
});

Deno.test("a pool's unary calls go to its addresses, over connections of their own", async () => {
  await using server = serveLocally(implement(Words, {
    shout: (text) => text.toUpperCase(),
    async *repeat(text) {
      yield text;
    },
  }));
  const { port } = server.addr;
  await using pool = createPool({ addresses: [{ port }] });
  const client = createClient(Words, pool);
  const [shouted, repeated] = await Promise.all([client.shout("hi"), Array.fromAsync(client.repeat("a"))]);
  assertEquals([shouted, repeated], ["HI", ["a"]]);
  const many = Array.from({ length: 100 }, (_, i) => client.shout(`${i}`));
  assertEquals((await Promise.all(many)).length, 100);
});
