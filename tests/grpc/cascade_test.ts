/** Chains of services, all of gRPC or of both protocols in turn: what each of them reads when one end of it goes. */
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { BizStatusError, type CallOptions, type Handler, type Protocol, ttheader } from "../../mod.ts";
import { grpc, GrpcError, GrpcStatus } from "../../src/grpc/mod.ts";
import { bytes, string } from "../support/codecs.ts";
import { Chain, type HopEnd, type LinkTo, TARGET } from "../support/chain.ts";
import { connectTo, serveLocally } from "../support/loopback.ts";
import { rejection, rejectionText } from "../support/rejection.ts";
import { CANCELED } from "../support/script.ts";

const TT = ttheader();
const GRPC = grpc();
const NAMES = ["A", "B", "C", "D", "E"];

/** How a service reads the cancel of the one before it, over gRPC. */
function reset(by: string): string {
  return `rpc error: code = 1 desc = transport: RSTStream Frame received with error code: CANCEL [triggered by ${by}]`;
}

/** A cancel of another protocol's, as TTHeader Streaming hands it on. */
function foreign(side: "client" | "server", text: string, by?: string): string {
  const path = by === undefined ? "" : `[canceled path: non-ttstream path -> ${by}] `;
  return `[ttstream error, code=12011] [${side}-side stream] ${path}${text}`;
}

const plain = `[ttstream error, code=12007] [server-side stream] [canceled path: A] ${CANCELED}`;
const atD = foreign("server", reset("B"), "C");
const atC = foreign("server", reset("A"), "B");

/** What each service reads from the one before it, and from the stream it has opened itself. */
const chains: { name: string; protocols: Protocol[]; ends: { up: string; down?: string }[] }[] = [
  {
    name: "gRPC all the way",
    protocols: [GRPC, GRPC, GRPC, GRPC],
    ends: [
      { up: reset("A"), down: reset("A") },
      { up: reset("B"), down: reset("B") },
      { up: reset("C"), down: reset("C") },
      { up: reset("D") },
    ],
  },
  {
    name: "TTHeader Streaming and gRPC in turn",
    protocols: [TT, GRPC, TT, GRPC],
    ends: [
      { up: plain, down: `rpc error: code = 1 desc = ${plain}` },
      { up: reset("B"), down: foreign("client", reset("B")) },
      { up: atD, down: `rpc error: code = 1 desc = ${atD}` },
      { up: reset("D") },
    ],
  },
  {
    name: "gRPC and TTHeader Streaming in turn",
    protocols: [GRPC, TT, GRPC, TT],
    ends: [
      { up: reset("A"), down: foreign("client", reset("A")) },
      { up: atC, down: `rpc error: code = 1 desc = ${atC}` },
      { up: reset("C"), down: foreign("client", reset("C")) },
      { up: foreign("server", reset("C"), "D") },
    ],
  },
  {
    name: "gRPC in the middle",
    protocols: [TT, GRPC, GRPC, TT],
    ends: [
      { up: plain, down: `rpc error: code = 1 desc = ${plain}` },
      { up: reset("B"), down: reset("B") },
      { up: reset("C"), down: foreign("client", reset("C")) },
      { up: foreign("server", reset("C"), "D") },
    ],
  },
];

const links: Record<string, LinkTo> = {
  "parent": (stream) => ({ parent: stream }),
  "its signal": ({ signal }) => ({ signal }),
  "a signal of several": ({ signal }) => ({
    signal: AbortSignal.any([signal, new AbortController().signal]),
  }),
};

function shown({ upstream, downstream, signal }: HopEnd): { up: string; down?: string } {
  assertEquals([upstream.write, signal], [upstream.read, upstream.read]);
  if (downstream === undefined) return { up: upstream.read };
  assertEquals(downstream.write, downstream.read);
  return { up: upstream.read, down: downstream.read };
}

for (const { name, protocols, ends } of chains) {
  for (const [by, link] of Object.entries(links)) {
    Deno.test(`a cancel goes through five services, ${name}, by ${by}`, async () => {
      await using chain = await Chain.start(NAMES, link, protocols);
      const stream = await chain.open();
      await stream.cancel();
      assertEquals((await Promise.all(chain.ends)).map(shown), ends);
      assertEquals(chain.reported, []);
    });
  }

  Deno.test(`a reason of the client's is its own over gRPC and travels over TTHeader Streaming: ${name}`, async () => {
    await using chain = await Chain.start(NAMES, (stream) => ({ parent: stream }), protocols);
    const stream = await chain.open();
    await stream.cancel(new Error("changed my mind"));
    const [first] = await Promise.all(chain.ends);
    const expected = protocols[0] === GRPC
      ? reset("A")
      : "[ttstream error, code=12008] [server-side stream] [canceled path: A] changed my mind";
    assertEquals(first?.upstream.read, expected);
  });

  Deno.test(`the client's process dies: every service hears of it, ${name}`, async () => {
    await using chain = await Chain.start(NAMES, (stream) => ({ parent: stream }), protocols);
    const stream = await chain.open();
    const read = rejection(Array.fromAsync(stream.readable));
    chain.hangUp();
    const [first, second] = await Promise.all(chain.ends);
    const expected = protocols[0] === GRPC
      ? "rpc error: code = 1 desc = transport: connection EOF [triggered by remote service]"
      : "[ttstream error, code=12013] canceled by connection closed";
    assertEquals(first?.upstream.read, expected);
    if (protocols[1] === GRPC) assertEquals(second?.upstream.read, reset("B"));
    assertEquals(chain.reported, []);
    await read;
  });
}

/** Two servers in a row: the second answers by `last`, the first by what the second has answered. */
async function relayed(
  [first, second]: readonly [Protocol, Protocol],
  last: Handler,
  options: CallOptions = {},
): Promise<{ error: unknown; messages: string[] }> {
  const servers = { protocols: [grpc(), ttheader()], onError() {} };
  await using below = serveLocally(last, servers);
  await using toBelow = await connectTo(below, { protocol: second, serviceName: "B" });
  await using server = serveLocally(async (stream) => {
    const next = toBelow.openStream(TARGET, { parent: stream });
    await next.writable.close();
    await stream.sendAll(next);
  }, servers);
  await using connection = await connectTo(server, { protocol: first, serviceName: "A" });
  const stream = connection.openStream(TARGET, options);
  await stream.writable.close();
  const messages: string[] = [];
  try {
    for await (const message of stream) messages.push(string(message));
  } catch (error) {
    return { error, messages };
  }
  return { error: undefined, messages };
}

const PROTOCOLS: Record<string, [Protocol, Protocol]> = {
  "gRPC behind gRPC": [GRPC, GRPC],
  "gRPC behind TTHeader Streaming": [TT, GRPC],
  "TTHeader Streaming behind gRPC": [GRPC, TT],
};

for (const [name, protocols] of Object.entries(PROTOCOLS)) {
  Deno.test(`${name}: messages, then a business error, come through`, async () => {
    const { error, messages } = await relayed(protocols, async (stream) => {
      await stream.sendAll([bytes("one"), bytes("two")]);
      throw new BizStatusError(404, "nö", { a: "ü" });
    });
    assertInstanceOf(error, BizStatusError);
    assertEquals([error.statusCode, error.statusMessage, error.extra], [404, "nö", { a: "ü" }]);
    assertEquals(messages, ["one", "two"]);
  });

  Deno.test(`${name}: a failure comes through, in the words of the last protocol and then of the first`, async () => {
    const { error } = await relayed(protocols, () => Promise.reject(new Error("boom")));
    assert(error instanceof Error);
    const inner = protocols[1] === GRPC
      ? "rpc error: code = 13 desc = boom [biz error]"
      : "[ttstream error, code=12001] [client-side stream] biz error: boom";
    const outer = protocols[0] === TT
      ? `[ttstream error, code=12001] [client-side stream] biz error: ${inner}`
      : protocols[1] === GRPC
      ? inner
      : `rpc error: code = 13 desc = ${inner} [biz error]`;
    assertEquals(error.message, outer);
  });

  Deno.test(`${name}: metainfo goes through`, async () => {
    const { messages } = await relayed(
      protocols,
      async ({ metainfo, writable }) => {
        const { persistent, transient } = metainfo;
        await writable.getWriter().write(bytes(JSON.stringify([[...persistent], [...transient]])));
      },
      { metainfo: { persistent: { USER_ID: "7" }, transient: { TRACE: "x" } } },
    );
    // As in Kitex, what is transient does not go on from gRPC to TTHeader Streaming.
    const stops = protocols.some((protocol, i) => protocol !== GRPC && protocols[i - 1] === GRPC);
    const transient = stops ? "" : '["TRACE","x"]';
    assertEquals(messages, [`[[["USER_ID","7"]],[${transient}]]`]);
  });

  Deno.test(`${name}: a time-out of the client's ends all of it`, async () => {
    const heard = Promise.withResolvers<string>();
    const { error } = await relayed(protocols, async ({ readable, signal }) => {
      for await (const _ of readable);
      heard.resolve(
        await rejectionText(
          new Promise((_, reject) => {
            signal.addEventListener("abort", () => reject(signal.reason), { once: true });
          }),
        ),
      );
    }, { timeoutMs: 60 });
    assert(error instanceof Error);
    const expected = protocols[0] === GRPC
      ? "rpc error: code = 4 desc = context deadline exceeded"
      : "[ttstream error, code=12015] [client-side stream] stream timeout, timeout in ctx: 60ms";
    assertEquals(error.message, expected);
    await heard.promise;
  });
}

Deno.test("a handler that has returned ends the gRPC stream that it has opened", async () => {
  const ended = Promise.withResolvers<unknown>();
  const heard = Promise.withResolvers<string>();
  await using below = serveLocally(async (stream) => {
    stream.sendHeader();
    heard.resolve(await rejectionText(Array.fromAsync(stream.readable)));
  }, { protocols: [grpc()] });
  await using toBelow = await connectTo(below, { protocol: grpc(), serviceName: "B" });
  await using server = serveLocally(async (stream) => {
    const next = toBelow.openStream(TARGET, { parent: stream });
    next.closed.catch(ended.resolve);
    await next.header;
  }, { protocols: [grpc()] });
  await using connection = await connectTo(server, { protocol: grpc() });
  await connection.openStream(TARGET).closed;
  const error = await ended.promise;
  assertInstanceOf(error, GrpcError);
  assertEquals(error.code, GrpcStatus.Canceled);
  assertEquals(error.description, "transport: canceled by business handler returning");
  assertEquals(await heard.promise, reset("B"));
});
