import { assertEquals, assertStrictEquals } from "@std/assert";
import { type ClientStream, TTStreamError } from "../../mod.ts";
import { Chain, endOf, type LinkTo } from "../support/chain.ts";
import { recording, textAt } from "../support/recorded.ts";
import { rejection } from "../support/rejection.ts";

const CANCELED =
  "user code invoking stream RPC with context processed by context.WithCancel or context.WithTimeout, then invoking cancel() actively";
const ABCD = ["ServiceA", "ServiceB", "ServiceC", "ServiceD"];
const byParent: LinkTo = (stream) => ({ parent: stream });

const links: Record<string, LinkTo> = {
  "parent: stream": byParent,
  "the handler's signal": ({ signal }) => ({ signal }),
  "the handler's signal inside AbortSignal.any": ({ signal }) => ({
    signal: AbortSignal.any([new AbortController().signal, signal]),
  }),
  "AbortSignal.any inside AbortSignal.any": ({ signal }) => ({
    signal: AbortSignal.any([AbortSignal.any([signal, new AbortController().signal])]),
  }),
  "both parent and signal": (stream) => ({ parent: stream, signal: stream.signal }),
};

function client(code: number, path: string, text: string): string {
  return `[ttstream error, code=${code}] [client-side stream] ${path && `[canceled path: ${path}] `}${text}`;
}

function server(code: number, path: string, text: string): string {
  return `[ttstream error, code=${code}] [server-side stream] ${path && `[canceled path: ${path}] `}${text}`;
}

/** What the services B, C and D learn of an end that begins at A. */
function endsOf(code: number, text: string, paths: readonly [string, string, string]) {
  const both = (message: string) => ({ read: message, write: message });
  return paths.map((path, i) => ({
    ...(i === 2 ? {} : { downstream: both(client(code, path, text)) }),
    upstream: both(server(code, path, text)),
    signal: server(code, path, text),
  }));
}

const GROWING = ["ServiceA", "ServiceA -> ServiceB", "ServiceA -> ServiceB -> ServiceC"] as const;

for (const [name, link] of Object.entries(links)) {
  Deno.test(`A -> B -> C -> D: a cancel at A reads \`A -> B -> C\` at D, linked by ${name}`, async () => {
    await using chain = await Chain.start(ABCD, link);
    const controller = new AbortController();
    const stream = await chain.open({ signal: controller.signal });
    controller.abort();
    assertEquals(await endOf(stream), {
      read: client(12007, "", CANCELED),
      write: client(12007, "", CANCELED),
    });
    assertEquals(await Promise.all(chain.ends), endsOf(12007, CANCELED, GROWING));
    assertEquals(chain.reported, []);
  });
}

Deno.test("a custom reason travels down the chain as 12008 with its text", async () => {
  await using chain = await Chain.start(ABCD, byParent);
  const stream = await chain.open();
  const reason = new RangeError("the answer was longer than the budget of 4096 tokens");
  await stream.readable.cancel(reason);
  const text = reason.message;
  const error = await rejection(stream.writable.getWriter().write(new Uint8Array(1)));
  assertEquals(error instanceof TTStreamError && error.message, client(12008, "", text));
  assertStrictEquals(error instanceof TTStreamError && error.cause, reason);
  assertEquals(await Promise.all(chain.ends), endsOf(12008, text, GROWING));
  assertEquals(chain.reported, []);
});

Deno.test("a reason in Chinese, with a newline and an emoji, reads the same at the end of the chain", async () => {
  await using chain = await Chain.start(ABCD, byParent);
  const stream = await chain.open();
  const text = "用户离开了\n👋 ciào";
  await stream.readable.cancel(text);
  assertEquals(await Promise.all(chain.ends), endsOf(12008, text, GROWING));
});

const ends = {
  "readable.cancel()": (stream) => stream.readable.cancel(),
  "writable.abort()": (stream) => stream.writable.abort(),
  "break": async (stream) => {
    const iterator = stream.readable.values();
    await iterator.return?.();
  },
  "the end of its scope": (stream) => stream[Symbol.asyncDispose](),
} satisfies Record<string, (stream: ClientStream) => PromiseLike<void>>;

for (const [name, end] of Object.entries(ends)) {
  Deno.test(`an end of A's stream by ${name} cascades as a cancel does`, async () => {
    await using chain = await Chain.start(ABCD, byParent);
    await end(await chain.open());
    assertEquals(await Promise.all(chain.ends), endsOf(12007, CANCELED, GROWING));
    assertEquals(chain.reported, []);
  });
}

Deno.test("timeoutMs travels down the chain as 12015 with its text", async () => {
  await using chain = await Chain.start(ABCD, byParent);
  const stream = chain.client.openStream({ service: "TestService", method: "EchoBidi" }, { timeoutMs: 250 });
  const text = "stream timeout, timeout in ctx: 250ms";
  const error = await rejection(stream.readable.getReader().read());
  assertEquals(error instanceof TTStreamError && error.message, client(12015, "", text));
  assertEquals(error instanceof TTStreamError && error.kind, "timeout");
  assertEquals(await Promise.all(chain.ends), endsOf(12015, text, GROWING));
  assertEquals(chain.reported, []);
});

Deno.test("AbortSignal.timeout() travels down the chain as 12015", async () => {
  await using chain = await Chain.start(ABCD, byParent);
  await chain.open({ signal: AbortSignal.timeout(250) });
  const text = "stream timeout, no explicit timeout set in stream ctx";
  assertEquals(await Promise.all(chain.ends), endsOf(12015, text, GROWING));
});

Deno.test("recvTimeoutMs travels down the chain as 12014 with its text", async () => {
  await using chain = await Chain.start(ABCD, byParent);
  const stream = await chain.open({ recvTimeoutMs: 250 });
  const error = await rejection(stream.readable.getReader().read());
  const text = "stream Recv timeout, timeout config={Timeout:250ms DisableCancelRemote:false}";
  assertEquals(error instanceof TTStreamError && error.message, client(12014, "", text));
  assertEquals(await Promise.all(chain.ends), endsOf(12014, text, GROWING));
});

Deno.test("a connection that A loses is 12013 at B, and 12013 with B's name below", async () => {
  await using chain = await Chain.start(ABCD, byParent);
  const stream = await chain.open();
  const connection = chain.client;
  const lost = "[ttstream error, code=12013] canceled by connection closed";
  const text = "canceled by connection closed";
  chain.hangUp();
  const [b, c, d] = await Promise.all(chain.ends);
  assertEquals(b, {
    downstream: { read: client(12013, "", text), write: client(12013, "", text) },
    upstream: { read: lost, write: lost },
    signal: lost,
  });
  const below = endsOf(12013, text, ["", "ServiceB", "ServiceB -> ServiceC"]);
  assertEquals([c, d], below.slice(1));
  assertEquals(chain.reported, []);
  await rejection(stream.readable.getReader().read());
  await rejection(connection.closed);
});

Deno.test("without any serviceName nothing is added to the path", async () => {
  await using chain = await Chain.start([undefined, undefined, undefined, undefined], byParent);
  const stream = await chain.open();
  await stream.readable.cancel();
  assertEquals(await Promise.all(chain.ends), endsOf(12007, CANCELED, ["", "", ""]));
});

Deno.test("a service without a name hands the path on as it came", async () => {
  await using chain = await Chain.start(["ServiceA", undefined, "ServiceC", "ServiceD"], byParent);
  const stream = await chain.open();
  await stream.readable.cancel();
  const paths = ["ServiceA", "ServiceA", "ServiceA -> ServiceC"] as const;
  assertEquals(await Promise.all(chain.ends), endsOf(12007, CANCELED, paths));
});

/** Recordings of A -> B -> C, and what A did in them. */
const recordings: Record<string, (chain: Chain) => Promise<unknown>> = {
  chain_cancel_chain_hang: async (chain) => (await chain.open()).readable.cancel(),
  chain_cancel_chain_recv: async (chain) => (await chain.open()).writable.abort(),
  chain_A_exits: async (chain) => {
    await chain.open();
    chain.hangUp();
  },
};

for (const [name, act] of Object.entries(recordings)) {
  Deno.test(`B and C read word for word what Kitex's services read in the recording ${name}`, async () => {
    const { serverB, serverC } = await recording(name);
    await using chain = await Chain.start(ABCD.slice(0, 3), byParent);
    await act(chain);
    assertEquals(await Promise.all(chain.ends), [
      {
        downstream: {
          read: textAt(serverB, "downstream-Recv"),
          write: textAt(serverB, "downstream-Send"),
        },
        upstream: { read: textAt(serverB, "ctx.Err"), write: textAt(serverB, "upstream-Send") },
        signal: textAt(serverB, "ctx.Err"),
      },
      {
        upstream: { read: textAt(serverC, "Recv"), write: textAt(serverC, "Send") },
        signal: textAt(serverC, "ctx.Err"),
      },
    ]);
  });
}
