/** Nothing is left of streams that have ended, in whatever way; one bad stream never hurts its neighbours. */
import { assert, assertEquals } from "@std/assert";
import { BizStatusError, type CallOptions, createClient, defineService, implement } from "../../mod.ts";
import { grpc, GrpcError } from "../../src/grpc/mod.ts";
import { string, text } from "../support/codecs.ts";
import { aborted } from "../support/events.ts";
import { countingSignal } from "../support/listeners.ts";
import { connectTo, serveLocally } from "../support/loopback.ts";
import { rejection, rejectionText } from "../support/rejection.ts";
import { cancel, message, messages } from "./http2_peer.ts";
import { frame } from "../http2/wire.ts";
import { ServerScript } from "./scripts.ts";

const Words = defineService("Words", {
  shout: { kind: "unary", request: text, response: text },
  split: { kind: "server", request: text, response: text },
  join: { kind: "client", request: text, response: text },
  talk: { kind: "bidirectional", request: text, response: text },
});

const handler = implement(Words, {
  async shout(request, { signal }) {
    if (request === "fail") throw new Error("no");
    if (request === "hang") await aborted(signal);
    return request.toUpperCase();
  },
  async *split(request, { signal }) {
    if (request === "biz") throw new BizStatusError(1, "no");
    if (request === "status") throw new GrpcError(5, "no");
    if (request === "hang") await aborted(signal);
    yield* request.split(" ");
  },
  join: async ({ readable }) => (await Array.fromAsync(readable)).join(" "),
  async *talk({ readable }) {
    yield* readable;
  },
});

type WordsClient = ReturnType<typeof createClient<typeof Words.methods>>;

/** Every way a stream ends, but for those that end the connection as well. */
const ends: Record<string, (client: WordsClient, options: CallOptions) => Promise<unknown>> = {
  "a unary call": async (client, options) => await client.shout("a", options),
  "a unary call that fails": (client, options) => rejection(client.shout("fail", options)),
  "a unary call that is cancelled": (client, options) => client.shout("hang", options).cancel(),
  "a unary call that nobody awaits": (client, options) => client.shout("a", options).closed,
  "server streaming, read to its end": (client, options) => Array.fromAsync(client.split("a b c", options)),
  "server streaming by its readable": (client, options) =>
    Array.fromAsync(client.split("a b", options).readable),
  "server streaming, left unread": async (client, options) => {
    await using call = client.split("a b c", options);
    await call.trailer;
  },
  "server streaming, left by break": async (client, options) => {
    for await (const _ of client.split("a b c", options)) break;
  },
  "a business error": (client, options) => rejection(Array.fromAsync(client.split("biz", options))),
  "a status": (client, options) => rejection(Array.fromAsync(client.split("status", options))),
  "client streaming": async (client, options) => {
    const call = client.join(options);
    await call.sendAll(["a", "b"]);
    await call.response;
  },
  "client streaming, aborted": (client, options) => {
    const call = client.join(options);
    return Promise.all([call.writable.abort(new Error("no")), rejection(call.response)]);
  },
  "an echo": async (client, options) => {
    const talk = client.talk(options);
    await talk.sendAll(["x"]);
    await Array.fromAsync(talk);
  },
  "an echo, left by its scope": async (client, options) => {
    await using talk = client.talk(options);
    await talk.send("x");
  },
  "timed out": (client, options) =>
    rejection(Array.fromAsync(client.split("hang", { ...options, timeoutMs: 1 }))),
  "timed out waiting": (client, options) =>
    rejection(Array.fromAsync(client.split("hang", { ...options, recvTimeoutMs: 1 }))),
  "never opened": (client, options) =>
    rejection(Array.fromAsync(client.split("a", { ...options, signal: AbortSignal.abort() }))),
};

for (const [name, end] of Object.entries(ends)) {
  Deno.test(`300 streams, each ${name}, leave no listener, no timer and no entry behind`, async () => {
    await using server = serveLocally(handler, { onError() {}, protocols: [grpc()] });
    await using connection = await connectTo(server, { protocol: grpc() });
    const client = createClient(Words, connection);
    const own = countingSignal();
    const parents = countingSignal();
    const metainfo = { persistent: new Map(), transient: new Map() };
    const options: CallOptions = {
      signal: own.controller.signal,
      parent: { signal: parents.controller.signal, metainfo },
      timeoutMs: 3_600_000,
      recvTimeoutMs: 3_600_000,
    };
    for (let i = 0; i < 100; i++) await end(client, options);
    await Promise.all(Array.from({ length: 200 }, () => end(client, options)));
    assertEquals([own.listeners(), parents.listeners()], [0, 0]);
    // It waits for every stream that it still knows.
    await connection.close();
  });
}

Deno.test("20,000 calls of each kind over gRPC leave no memory behind", async () => {
  const program = new URL("../programs/many_grpc_calls.ts", import.meta.url).pathname;
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--v8-flags=--expose-gc", program],
    stderr: "inherit",
  });
  const { success, stdout } = await command.output();
  assert(success);
  const growths: Record<string, number> = JSON.parse(string(stdout));
  assertEquals(Object.keys(growths), [
    "unary",
    "server",
    "client",
    "bidirectional",
    "left unread",
    "cancelled",
  ]);
  for (const [what, bytes] of Object.entries(growths)) {
    // 20,000 streams that each left a hundred bytes would be 2 MB.
    assert(bytes < 2_000_000, `${what}: the heap has grown by ${bytes} bytes`);
  }
});

Deno.test("a stream that nobody reads stalls itself alone, and is cancelled all the same", async () => {
  const heard = Promise.withResolvers<unknown>();
  await using server = serveLocally(async (stream) => {
    if (stream.method !== "Flood") return await handler(stream);
    const message = new Uint8Array(50_000);
    try {
      for (;;) await stream.send(message);
    } catch (error) {
      heard.resolve(error);
      throw error;
    }
  }, { protocols: [grpc()] });
  await using connection = await connectTo(server, { protocol: grpc() });
  const flood = connection.openStream({ service: "Words", method: "Flood" });
  await flood.header;
  const client = createClient(Words, connection);
  for (let i = 0; i < 50; i++) assertEquals(await client.shout("still here"), "STILL HERE");
  await flood.cancel();
  assert(await heard.promise instanceof GrpcError);
  assertEquals(await client.shout("still here"), "STILL HERE");
});

Deno.test("promises of ended streams that nobody awaits end no process", async () => {
  await using server = serveLocally(handler, { onError() {}, protocols: [grpc()] });
  await using connection = await connectTo(server, { protocol: grpc() });
  const client = createClient(Words, connection);
  for (const call of [client.shout("fail"), client.split("biz"), client.join(), client.talk()]) {
    void [call.header, call.trailer, call.closed];
    if ("send" in call) {
      call.send("x");
      call.writable.getWriter();
    }
    if ("response" in call) void call.response;
    call.cancel("enough");
  }
  client.split("status");
  await new Promise((resolve) => setTimeout(resolve, 20));
  assertEquals(await client.shout("still here"), "STILL HERE");
});

Deno.test("a client that cancels ten times maxStreams more streams than end well loses its connection, in words", async () => {
  await using script = new ServerScript(({ signal }) => aborted(signal).then(() => {}), { maxStreams: 3 });
  for (let id = 1; id < 1000; id += 2) {
    await script.call(id);
    await script.peer.send(cancel(id));
  }
  const last = await script.peer.next();
  assert(last?.type === "GOAWAY");
  assertEquals(last.debug, "too many cancelled streams: 30 more than have ended well");
  assert((await rejectionText(script.connection.finished)).includes("too many cancelled streams"));
  assertEquals(script.errors, []);
});

Deno.test("bad streams end alone, one after the other, and their neighbour goes on all the while", async () => {
  await using script = new ServerScript(undefined, { maxFrameBytes: 1000 });
  const stream = await script.opened();
  const reader = stream.readable.getReader();
  for (let id = 3; id < 60; id += 2) {
    await script.call(id);
    await script.handled();
    await script.peer.send(frame(0, 0, id, message("x", id % 7 + 2)), messages(1, `message ${id}`));
    assertEquals(string((await reader.read()).value), `message ${id}`);
    assertEquals((await script.peer.headers()).get("grpc-status"), "13");
    assertEquals(await script.peer.line(), `RST_STREAM ${id} NO_ERROR`);
  }
  assertEquals(script.errors, []);
});
