/** This library's client in the unary interop runs: each case is a call and what has to come of it. */
import { assertEquals, assertInstanceOf } from "@std/assert";
import { BizStatusError, type Client, type Connection, createClient, StreamError } from "@ttstream/ttstream";
import { NotThere, type Words } from "./gen/unary.ts";
import { Numbers, Words as MoreWords } from "./gen/unary_more.ts";

/** What a case is played with. */
export interface Stage {
  readonly connection: Connection;
  readonly words: Client<typeof Words.methods>;
  /** What gRPC says otherwise. */
  readonly grpc: boolean;
}

/** One case: it throws where something else comes than has to. */
export interface OwnCase {
  readonly name: string;
  readonly play: (stage: Stage) => Promise<void>;
  /** Over gRPC there is no such thing, or other words. */
  readonly ttheaderAlone?: true;
  /** Servers that cannot play it, and why. */
  readonly notAt?: { readonly server: string; readonly why: string };
}

export const ownCases: readonly OwnCase[] = [
  {
    name: "a call and its reply",
    play: async ({ words }) => assertEquals(await words.shout("hi"), "HI"),
  },
  {
    name: "structs of 100,000 bytes",
    async play({ words }) {
      const item = { text: "tea", number: 2n ** 40n, blob: new Uint8Array(100_000).fill(7) };
      assertEquals(await words.echo(item), item);
    },
  },
  {
    name: "several arguments",
    play: async ({ words }) => assertEquals(await words.add({ a: 40n, b: 2n }), 42n),
  },
  {
    name: "no argument and no result",
    play: async ({ words }) => assertEquals(await words.nothing(), undefined),
  },
  {
    name: "a declared exception",
    async play({ words }) {
      const error = await errorOf(words.find("tea"));
      assertInstanceOf(error, NotThere);
      assertEquals([error.what, error.tries], ["tea", 3]);
    },
  },
  {
    name: "a handler's error",
    ttheaderAlone: true,
    async play({ words }) {
      const error = await streamErrorOf(words.fail("the kettle is broken"));
      const seen = [error.code, error.exceptionType, error.description];
      assertEquals(seen, [12001, 6, "biz error: the kettle is broken"]);
    },
  },
  {
    name: "a business error",
    async play({ words }) {
      const error = await errorOf(words.biz(404));
      assertInstanceOf(error, BizStatusError);
      const seen = [error.statusCode, error.statusMessage, error.extra];
      assertEquals(seen, [404, "no such word", { word: "x" }]);
    },
  },
  {
    name: "metainfo forward and back",
    ttheaderAlone: true,
    async play({ words }) {
      const call = words.meta("hi", { metainfo: { persistent: { user: "ada" }, transient: { hop: "1" } } });
      assertEquals(await call, "hi ada 1");
      assertEquals((await call.header).get("cost"), "7");
      assertEquals((await call.trailer).get("cost"), "7");
    },
  },
  {
    name: "oneway",
    notAt: { server: "Kitex's server, over gRPC", why: "Kitex calls no handler there, and never answers" },
    async play({ words }) {
      const text = `remember ${crypto.randomUUID()}`;
      assertEquals(await words.note(text), undefined);
      for (let i = 0; i < 200 && await words.noted() !== text; i++) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      assertEquals(await words.noted(), text);
    },
  },
  {
    name: "an unknown method",
    ttheaderAlone: true,
    async play({ connection }) {
      const error = await streamErrorOf(createClient(MoreWords, connection).whisper("hi"));
      assertEquals([error.exceptionType, error.description], [1, "unknown method whisper (service Words)"]);
    },
  },
  {
    name: "an unknown service",
    ttheaderAlone: true,
    async play({ connection }) {
      const error = await streamErrorOf(createClient(Numbers, connection).double(21n));
      assertEquals([error.exceptionType, error.description], [
        20,
        "unknown service Numbers, method double",
      ]);
    },
  },
  {
    name: "a time-out, and a call behind it",
    async play({ words, grpc }) {
      const started = performance.now();
      const error = await streamErrorOf(words.slow(2_000, { timeoutMs: 100 }));
      assertEquals([error.code, error.kind], [grpc ? 4 : 12015, "timeout"]);
      assertEquals(performance.now() - started < 1_000, true);
      assertEquals(await words.shout("after it"), "AFTER IT");
    },
  },
  {
    name: "a signal, and calls beside and behind it",
    async play({ words }) {
      const controller = new AbortController();
      const stopped = words.slow(2_000, { signal: controller.signal });
      const beside = words.slow(50);
      controller.abort();
      const error = await streamErrorOf(stopped);
      assertEquals(error.kind, "canceled");
      assertEquals(await beside, "done");
      assertEquals(await words.shout("after it"), "AFTER IT");
    },
  },
  {
    name: "a thousand calls at a time",
    async play({ words }) {
      const numbers = Array.from({ length: 1000 }, (_, i) => BigInt(i));
      const sums = await Promise.all(numbers.map((a) => words.add({ a, b: 1n })));
      assertEquals(sums, numbers.map((a) => a + 1n));
    },
  },
  {
    name: "a stream beside calls",
    ttheaderAlone: true,
    notAt: { server: "Kitex's server with a mux transport", why: "it takes unary calls alone" },
    async play({ words }) {
      const item = { text: "again", number: 3n, blob: new Uint8Array() };
      const [items, shouted] = await Promise.all([Array.fromAsync(words.repeat(item)), words.shout("hi")]);
      assertEquals([items, shouted], [[item, item, item], "HI"]);
    },
  },
];

async function errorOf(call: PromiseLike<unknown>): Promise<unknown> {
  let result: unknown;
  try {
    result = await call;
  } catch (error) {
    return error;
  }
  throw new Error(`no error came, but ${Deno.inspect(result)}`);
}

async function streamErrorOf(call: PromiseLike<unknown>): Promise<StreamError> {
  const error = await errorOf(call);
  assertInstanceOf(error, StreamError);
  return error;
}
