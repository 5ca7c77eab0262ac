/** What interceptors may do with a client's calls, of every kind and in both protocols. */
import { assertEquals, assertInstanceOf, assertStringIncludes, assertThrows } from "@std/assert";
import {
  type CallOptions,
  type ClientCall,
  type ClientInterceptor,
  createClient,
  defineService,
  implement,
  route,
  type ServerStream,
  type StreamOpener,
  wrapStream,
} from "../../../mod.ts";
import { once } from "node:events";
import { text } from "../../support/codecs.ts";
import { tapped } from "../../support/counted.ts";
import { NAMES, ObservedPair } from "../../support/observed_pair.ts";
import { rejection, rejectionText } from "../../support/rejection.ts";
import { untyped } from "../../support/untyped.ts";

const methods = {
  ask: { kind: "unary", request: text, response: text },
  talk: { kind: "bidirectional", request: text, response: text },
  list: { kind: "server", request: text, response: text },
  join: { kind: "client", request: text, response: text },
} as const;
const Chat = defineService("Chat", methods);
const Other = defineService("Other", methods);

const answer = (name: string) => ({
  ask: (request: string) => `${name} ${request}`,
  async *talk(stream: { readonly readable: ReadableStream<string> }) {
    for await (const message of stream.readable) yield `${name} ${message}`;
  },
  async *list(request: string) {
    yield `${name} ${request}`;
  },
  join: async (stream: { readonly readable: ReadableStream<string> }) =>
    `${name} ${(await Array.fromAsync(stream.readable)).join("+")}`,
});

const services = route(implement(Chat, answer("chat")), implement(Other, answer("other")));

/** A call of each kind with the request "x": what comes of it. */
const CALLS: Readonly<
  Record<
    keyof typeof methods,
    (opener: StreamOpener, interceptors: ClientInterceptor[], options?: CallOptions) => Promise<string>
  >
> = {
  ask: (opener, interceptors, options) => createClient(Chat, opener, { interceptors }).ask("x", options),
  async talk(opener, interceptors, options) {
    const stream = createClient(Chat, opener, { interceptors }).talk(options);
    stream.sendAll(["x"]);
    return (await Array.fromAsync(stream)).join();
  },
  list: async (opener, interceptors, options) =>
    (await Array.fromAsync(createClient(Chat, opener, { interceptors }).list("x", options))).join(),
  async join(opener, interceptors, options) {
    const call = createClient(Chat, opener, { interceptors }).join(options);
    call.sendAll(["x"]);
    return await call.response;
  },
};

const upperCase: ClientInterceptor = (call, next) => {
  const stream = next(call);
  const readable = stream.readable.pipeThrough(
    new TransformStream<unknown, unknown>({
      transform: (message, controller) => controller.enqueue(String(message).toUpperCase()),
    }),
  );
  return wrapStream(stream, { readable });
};

for (const protocol of NAMES) {
  for (const [kind, call] of Object.entries(CALLS)) {
    if (kind === "ask" && protocol === "ttheader") continue;
    const name = `${kind} over ${protocol}`;

    Deno.test(`interceptors nest in their written order: ${name}`, async () => {
      await using pair = new ObservedPair(protocol, services);
      const lines: string[] = [];
      const named = (name: string): ClientInterceptor => (call, next) => {
        lines.push(`${name} before ${call.target.service}.${call.target.method}`);
        const stream = next(call);
        lines.push(`${name} after`);
        return stream;
      };
      assertEquals(await call(pair.connection, [named("outer"), named("inner")]), "chat x");
      const target = `Chat.${kind}`;
      assertEquals(lines, [`outer before ${target}`, `inner before ${target}`, "inner after", "outer after"]);
    });

    Deno.test(`an interceptor changes what comes by pipeThrough: ${name}`, async () => {
      await using pair = new ObservedPair(protocol, services);
      assertEquals(await call(pair.connection, [upperCase]), "CHAT X");
      assertEquals((await (await pair.client.stream()).ended).error, undefined);
    });

    Deno.test(`an interceptor changes the target, metadata, metainfo and options: ${name}`, async () => {
      await using pair = new ObservedPair(protocol, services);
      const elsewhere: ClientInterceptor = ({ target, metadata, metainfo, options }, next) => {
        assertEquals([metadata.get("a"), metainfo.persistent.get("USER")], ["1", "ann"]);
        return next({
          kind: "bidirectional",
          target: { ...target, service: "Other" },
          metadata: new Map([...metadata, ["b", "2"]]),
          metainfo: { ...metainfo, transient: new Map([["HOP", "1"]]) },
          options: { ...options, timeoutMs: 60_000 },
        });
      };
      const options = { metadata: { a: "1" }, metainfo: { persistent: { USER: "ann" } } };
      assertEquals(await call(pair.connection, [elsewhere], options), "other x");
      const { info } = await pair.server.stream();
      assertEquals([info.service, info.metadata.get("a"), info.metadata.get("b")], ["Other", "1", "2"]);
      assertEquals([info.metainfo.persistent.get("USER"), info.metainfo.transient.get("HOP")], ["ann", "1"]);
      if (protocol === "grpc") assertEquals(info.metadata.has("grpc-timeout"), true);
    });

    Deno.test(`an interceptor that throws ends its call for that, and nothing is sent: ${name}`, async () => {
      await using pair = new ObservedPair(protocol, services);
      const refuse: ClientInterceptor = () => {
        throw new Error("no token");
      };
      const error = await rejection(call(pair.connection, [refuse]));
      assertInstanceOf(error, Error);
      assertStringIncludes(error.message, "no token");
      assertEquals(error.cause instanceof Error && error.cause.message, "no token");
      assertEquals(pair.server.streams, []);
      const { error: told } = await (await pair.client.stream()).ended;
      assertEquals(told, error);
    });

    Deno.test(`an interceptor opens a stream again elsewhere: ${name}`, async () => {
      await using pair = new ObservedPair(protocol, services);
      const again: ClientInterceptor = (call, next) => {
        next(call).cancel("not this one");
        return next({ ...call, target: { ...call.target, service: "Other" } });
      };
      assertEquals(await call(pair.connection, [again]), "other x");
      assertEquals(pair.client.streams.length, 2);
      assertStringIncludes(`${(await (await pair.client.stream()).ended).error}`, "not this one");
    });

    Deno.test(`an interceptor gives the stream of another connection: ${name}`, async () => {
      await using pair = new ObservedPair(protocol, services);
      await using elsewhere = new ObservedPair(protocol, services);
      const other: ClientInterceptor = (_call, _next) => createClient(Other, elsewhere.connection).talk();
      assertEquals(await call(pair.connection, [other]), "other x");
      assertEquals([pair.client.streams.length, elsewhere.client.streams.length], [0, 1]);
    });

    Deno.test(`wrong options are thrown at once, as without interceptors: ${name}`, async () => {
      await using pair = new ObservedPair(protocol, services);
      const through: ClientInterceptor = (call, next) => next(call);
      const wrong = () => createClient(Chat, pair.connection, { interceptors: [through] });
      assertThrows(() => wrong().talk({ timeoutMs: -1 }), RangeError, "timeoutMs");
      assertThrows(() => wrong().talk({ metadata: untyped({ a: 1 }) }), TypeError, 'the value of "a"');
    });

    Deno.test(`what is no stream is told so: ${name}`, async () => {
      await using pair = new ObservedPair(protocol, services);
      const wrong: ClientInterceptor[] = [
        (call, next) => ({ ...next(call) }),
        untyped<ClientInterceptor>(() => undefined),
        untyped<ClientInterceptor>(() => Promise.resolve()),
        untyped<ClientInterceptor>(() => ({ readable: new ReadableStream(), cancel() {} })),
      ];
      for (const interceptor of wrong) {
        const message = await rejectionText(call(pair.connection, [interceptor]));
        assertStringIncludes(message, "an interceptor must return a ClientStream");
      }
      const nothing: ClientInterceptor = (_call, next) => next(untyped<ClientCall>(undefined));
      assertStringIncludes(
        await rejectionText(call(pair.connection, [nothing])),
        "next needs a ClientCall, got undefined",
      );
    });

    Deno.test(`what an interceptor has opened does not outlive its throw: ${name}`, async () => {
      const waiting = (stream: ServerStream) => once(stream.signal, "abort").then(() => {});
      await using pair = new ObservedPair(protocol, waiting);
      const wrong: ClientInterceptor[] = [
        (call, next) => {
          next(call);
          throw new Error("too late");
        },
        untyped<ClientInterceptor>(async (call: ClientCall, next: (call: ClientCall) => unknown) => {
          await next(call);
        }),
        (call, next) => ({ ...next(call) }),
      ];
      for (const [i, interceptor] of wrong.entries()) {
        const message = await rejectionText(call(pair.connection, [interceptor]));
        const { error } = await (await pair.client.stream(2 * i)).ended;
        assertEquals(error?.message, message);
      }
    });
  }

  Deno.test(`what goes is changed by pipeThrough, and every end still comes through over ${protocol}`, async () => {
    await using pair = new ObservedPair(protocol, services);
    const lines: string[] = [];
    const tap: ClientInterceptor = (call, next) => {
      const stream = next(call);
      const sending = tapped<unknown>((message) => lines.push(`sent ${message}`), () => lines.push("closed"));
      sending.readable.pipeTo(stream.writable).catch((error) => lines.push(`ended ${error.kind}`));
      return wrapStream(stream, { writable: sending.writable });
    };
    const client = createClient(Chat, pair.connection, { interceptors: [tap] });
    const talk = client.talk();
    await talk.sendAll(["a", "b"]);
    assertEquals(await Array.fromAsync(talk), ["chat a", "chat b"]);
    assertEquals(lines.splice(0), ["sent a", "sent b", "closed"]);

    const left = client.talk();
    await left.send("a");
    for await (const message of left) {
      assertEquals(message, "chat a");
      break;
    }
    assertInstanceOf(await rejection(left.closed), Error);
    await left.send("b").catch(() => lines.push("no more"));
    assertEquals(lines.includes("ended canceled"), true);
  });

  Deno.test(`a scope that is left before the response cancels, and after it does not, over ${protocol}`, async () => {
    await using pair = new ObservedPair(protocol, services);
    const client = createClient(Chat, pair.connection, { interceptors: [upperCase] });
    {
      await using call = client.join();
      await call.sendAll(["1"]);
      assertEquals(await call.response, "CHAT 1");
    }
    assertEquals((await (await pair.client.stream(0)).ended).error, undefined);
    {
      await using call = client.join();
      await call.send("1");
    }
    assertInstanceOf((await (await pair.client.stream(1)).ended).error, Error);
  });
}

Deno.test("a message that cannot be encoded cancels its call, in words", async () => {
  const picky = { ...text, encode: () => fail("too blue") };
  const Picky = defineService("Chat", { list: { kind: "server", request: picky, response: text } });
  await using pair = new ObservedPair("ttheader", services);
  const client = createClient(Picky, pair.connection, { interceptors: [(call, next) => next(call)] });
  assertStringIncludes(await rejectionText(client.list("x").closed), "too blue");
});

Deno.test("interceptors must be an array of functions", async () => {
  await using pair = new ObservedPair("ttheader", services);
  const client = (interceptors: unknown) =>
    createClient(Chat, pair.connection, { interceptors: untyped<ClientInterceptor[]>(interceptors) });
  assertThrows(() => client("x"), TypeError, 'interceptors must be an array, got "x"');
  assertThrows(() => client([undefined]), TypeError, "interceptors[0] must be a function");
});

function fail(message: string): never {
  throw new Error(message);
}
