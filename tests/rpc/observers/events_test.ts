/** What observers are told of streams that end well, in both protocols and for every kind of method. */
import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import { createClient, implement, type Sending } from "../../../mod.ts";
import { KINDS, Test } from "../../grpc/pairs.ts";
import { text } from "../../support/codecs.ts";
import { NAMES, ObservedPair } from "../../support/observed_pair.ts";

const handlers = {
  unary: implement(Test.unary, { echo: (request) => request.toUpperCase() }),
  server: implement(Test.server, {
    async *echo(request) {
      yield request;
      yield `${request}!`;
    },
  }),
  client: implement(Test.client, { echo: async (stream) => (await Array.fromAsync(stream.readable)).join() }),
  bidirectional: implement(Test.bidirectional, {
    async *echo(stream) {
      for await (const message of stream.readable) yield `${message}${message}`;
    },
  }),
};

/** What each side is told, where "request" or "a" and "bc" go. */
const told = {
  unary: { client: ["sent 7", "received 7"], server: ["run", "received 7", "sent 7"] },
  server: {
    client: ["sent 7", "received 7", "received 8"],
    server: ["run", "received 7", "sent 7", "sent 8"],
  },
  client: {
    client: ["sent 1", "sent 2", "received 4"],
    server: ["run", "received 1", "received 2", "sent 4"],
  },
  bidirectional: {
    client: ["sent 1", "sent 2", "received 2", "received 4"],
    server: ["run", "received 1", "received 2", "sent 2", "sent 4"],
  },
};

/** How sends, receipts and the handler's run interleave is the scheduler's; each kind has its own order. */
function byKind(lines: readonly string[]): string[] {
  return lines.filter((line) => line !== "header").toSorted((a, b) => order(a) - order(b));
}

function order(line: string): number {
  return ["run", "sent", "received", "ended"].findIndex((word) => line.startsWith(word));
}

function isSending(call: object): call is Sending<string> {
  return "sendAll" in call;
}

for (const protocol of NAMES) {
  for (const { kind, open } of KINDS) {
    if (kind === "unary" && protocol === "ttheader") continue;

    Deno.test(`an observer is told of a ${kind} call over ${protocol} at both ends, once each`, async () => {
      await using pair = new ObservedPair(protocol, handlers[kind]);
      const { call, read } = open(pair.connection, { metadata: { tenant: "blue" } });
      if (isSending(call)) await call.sendAll(["a", "bc"]);
      await read();
      for (const side of ["client", "server"] as const) {
        const [stream, ...others] = pair[side].streams;
        assert(stream !== undefined);
        assertEquals(others, []);
        const { info } = stream;
        assertEquals([info.side, info.protocol, info.service, info.method], [side, protocol, "Test", "Echo"]);
        assertEquals(info.metadata.get("tenant"), "blue");
        await stream.ended;
        assertEquals(byKind(stream.lines), byKind([...told[kind][side], "ended"]));
        assertEquals(stream.lines.filter((line) => line === "header"), ["header"]);
        assertEquals(stream.lines.at(-1), "ended");
      }
      assertEquals([...pair.errors, ...pair.clientErrors], []);
    });
  }

  Deno.test(`an end tells figures over ${protocol}: messages, bytes, times, the trailer's keys`, async () => {
    const handler = implement(Test.server, {
      async *echo(request, stream) {
        stream.trailer.set("tokens", "2");
        yield request;
        yield "12345";
      },
    });
    await using pair = new ObservedPair(protocol, handler);
    const before = Date.now();
    assertEquals(await Array.fromAsync(createClient(Test.server, pair.connection).echo("é")), ["é", "12345"]);
    const client = await (await pair.client.stream()).ended;
    const server = await (await pair.server.stream()).ended;
    const sizes = (end: typeof client) => [
      end.sentMessages,
      end.sentBytes,
      end.receivedMessages,
      end.receivedBytes,
    ];
    assertEquals(sizes(client), [1, 2, 2, 7]);
    assertEquals(sizes(server), [2, 7, 1, 2]);
    for (const [end, recorder] of [[client, pair.client], [server, pair.server]] as const) {
      assertEquals(end.error, undefined);
      assertEquals(end.trailer?.get("tokens"), "2");
      assert(end.firstMessageMs !== undefined);
      assertGreaterOrEqual(end.durationMs, end.firstMessageMs);
      assertGreaterOrEqual((await recorder.stream()).info.startedAt, before);
    }
  });

  Deno.test(`metainfo that observers give goes out with the header over ${protocol}, the last one's over the call's own`, async () => {
    const seen: (string | undefined)[] = [];
    const handler = implement(Test.server, {
      echo(_request, { metainfo }) {
        seen.push(
          metainfo.transient.get("TRACE"),
          metainfo.persistent.get("USER"),
          metainfo.persistent.get("SIDE"),
        );
        return Promise.resolve();
      },
    });
    const give = (trace: string) => ({
      opened: () => ({ metainfo: { transient: { TRACE: trace }, persistent: { SIDE: trace } } }),
    });
    await using pair = new ObservedPair(protocol, handler, { client: [give("first"), give("second")] });
    const options = { metainfo: { persistent: { USER: "ann" }, transient: { TRACE: "mine" } } };
    const call = createClient(Test.server, pair.connection).echo("x", options);
    await call.closed;
    assertEquals(seen, ["second", "ann", "second"]);
    assertEquals((await pair.client.stream()).info.metainfo.transient.get("TRACE"), "mine");
    assertEquals((await pair.server.stream()).info.metainfo.transient.get("TRACE"), "second");
  });

  Deno.test(`run is around the handler over ${protocol}, the first observer's the outermost`, async () => {
    const lines: string[] = [];
    const around = (name: string) => ({
      opened: () => ({
        run<T>(task: () => T): T {
          lines.push(`${name} begins`);
          try {
            return task();
          } finally {
            lines.push(`${name} ends`);
          }
        },
      }),
    });
    const handler = implement(Test.bidirectional, {
      echo() {
        lines.push("handler");
        return Promise.resolve();
      },
    });
    await using pair = new ObservedPair(protocol, handler, { server: [around("outer"), around("inner")] });
    await createClient(Test.bidirectional, pair.connection).echo().closed;
    assertEquals(lines, ["outer begins", "inner begins", "handler", "inner ends", "outer ends"]);
  });

  Deno.test(`streams of bytes, without a client or a service, are observed over ${protocol}`, async () => {
    await using pair = new ObservedPair(protocol, async (stream) => {
      for await (const message of stream.readable) await stream.send(message);
    });
    const stream = pair.connection.openStream({ service: "S", method: "M" });
    await stream.sendAll([text.encode("hello")]);
    for await (const message of stream) assertEquals(text.decode(message), "hello");
    const { receivedBytes, sentBytes } = await (await pair.client.stream()).ended;
    assertEquals([receivedBytes, sentBytes], [5, 5]);
  });
}

Deno.test("an observer that wants nothing more of a stream is told nothing more", async () => {
  let opened = 0;
  const shy = { opened: () => void opened++ };
  await using pair = new ObservedPair("ttheader", handlers.server, { client: [shy, {}], server: [shy] });
  assertEquals(await Array.fromAsync(createClient(Test.server, pair.connection).echo("x")), ["x", "x!"]);
  assertEquals(opened, 2);
});
