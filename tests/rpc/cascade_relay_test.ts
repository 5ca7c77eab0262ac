import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  BizStatusError,
  connect,
  type Connection,
  connectOver,
  createClient,
  defineService,
  type Handler,
  implement,
  serveOver,
  type ServerStream,
  TTStreamError,
} from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { endOf, type SidesEnd, TARGET } from "../support/chain.ts";
import { bytes, string, text } from "../support/codecs.ts";
import { aborted } from "../support/events.ts";
import { connectTo, serveLocally } from "../support/loopback.ts";
import { duplexPair } from "../support/pair.ts";
import { recording, textAt } from "../support/recorded.ts";
import { messageOf, rejection, rejectionText } from "../support/rejection.ts";
import { exceptionPayload, WirePeer } from "../support/wire_peer.ts";

const CANCELED =
  "user code invoking stream RPC with context processed by context.WithCancel or context.WithTimeout, then invoking cancel() actively";

/** Serves `below` as ServiceC and a handler over a connection to it as ServiceB, and lets `client`, ServiceA, speak to that. */
async function threeServices(
  below: Handler,
  relay: (below: Connection) => Handler,
  client: (connection: Connection) => Promise<void>,
): Promise<unknown[]> {
  const reported: unknown[] = [];
  const onError = (error: unknown) => void reported.push(error);
  await using c = serveLocally(below, { onError, serviceName: "ServiceC" });
  await using toC = await connectTo(c, { serviceName: "ServiceB" });
  await using b = serveLocally(relay(toC), { onError, serviceName: "ServiceB" });
  await using toB = await connectTo(b, { serviceName: "ServiceA" });
  await client(toB);
  return reported;
}

/** A handler that waits for the end of its stream, and what it learns. */
function waiting() {
  const started = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<SidesEnd & { signal: string }>();
  const handler: Handler = async (stream) => {
    started.resolve();
    ended.resolve({ ...await endOf(stream), signal: messageOf(await aborted(stream.signal)) });
  };
  return { handler, started: started.promise, ended: ended.promise };
}

Deno.test("a handler that returns ends the streams it opened: 12012, word for word as Kitex's", async () => {
  const { serverB, serverC } = await recording("chain_B_returns_nil");
  const { handler, started, ended } = waiting();
  const downstream = Promise.withResolvers<SidesEnd>();
  const reported = await threeServices(handler, (toC) => async (stream) => {
    endOf(toC.openStream(TARGET, { parent: stream })).then(downstream.resolve, downstream.reject);
    await started;
  }, async (toB) => {
    const stream = toB.openStream(TARGET);
    assertEquals((await stream.readable.getReader().read()).done, true);
    assertEquals(await downstream.promise, {
      read: textAt(serverB, "downstream-Recv-after-return"),
      write: textAt(serverB, "downstream-Send-after-return"),
    });
    assertEquals(await ended, {
      read: textAt(serverC, "Recv"),
      write: textAt(serverC, "Send"),
      signal: textAt(serverC, "ctx.Err"),
    });
  });
  assertEquals(reported, []);
});

Deno.test("a handler that throws ends the streams it opened as one that returns", async () => {
  const { handler, started, ended } = waiting();
  const fault = new Error("the model is out of memory");
  const reported = await threeServices(handler, (toC) => async (stream) => {
    toC.openStream(TARGET, { signal: stream.signal });
    await started;
    throw fault;
  }, async (toB) => {
    const stream = toB.openStream(TARGET);
    assertEquals(
      await rejectionText(stream.readable.getReader().read()),
      "[ttstream error, code=12001] [client-side stream] biz error: the model is out of memory",
    );
    const text =
      "[ttstream error, code=12012] [server-side stream] [canceled path: ServiceB] canceled by business handler returning";
    assertEquals(await ended, { read: text, write: text, signal: text });
  });
  assertEquals(reported, [fault]);
});

Deno.test("a handler that aborts its writable hands the reason's text down as 12008", async () => {
  const { handler, started, ended } = waiting();
  const fault = new Error("this prompt is not for me");
  const reported = await threeServices(handler, (toC) => async (stream) => {
    toC.openStream(TARGET, { parent: stream });
    await started;
    await stream.writable.abort(fault);
  }, async (toB) => {
    await rejection(toB.openStream(TARGET).readable.getReader().read());
    const text =
      "[ttstream error, code=12008] [server-side stream] [canceled path: ServiceB] this prompt is not for me";
    assertEquals(await ended, { read: text, write: text, signal: text });
  });
  assertEquals(reported, [fault]);
});

/** A relay without a word about errors or signals. */
function pipes(below: Connection): Handler {
  return async ({ readable, writable }) => {
    const downstream = below.openStream(TARGET);
    await Promise.all([readable.pipeTo(downstream.writable), downstream.readable.pipeTo(writable)]);
  };
}

const echo: Handler = ({ readable, writable }) => readable.pipeTo(writable);

Deno.test("a relay of two pipeTo hands messages and ends through in both directions", async () => {
  const reported = await threeServices(echo, pipes, async (toB) => {
    const stream = toB.openStream(TARGET);
    const writer = stream.writable.getWriter();
    const reader = stream.readable.getReader();
    for (const word of ["once", "upon", "a time"]) {
      await writer.write(bytes(word));
      assertEquals(string((await reader.read()).value), word);
    }
    await writer.close();
    assertEquals((await reader.read()).done, true);
  });
  assertEquals(reported, []);
});

Deno.test("relays of two pipeTo each cascade by themselves: A -> B -> C -> D", async () => {
  const reported: unknown[] = [];
  const onError = (error: unknown) => void reported.push(error);
  const { handler, started, ended } = waiting();
  await using d = serveLocally(handler, { onError });
  await using toD = await connectTo(d, { serviceName: "ServiceC" });
  await using c = serveLocally(pipes(toD), { onError });
  await using toC = await connectTo(c, { serviceName: "ServiceB" });
  await using b = serveLocally(pipes(toC), { onError });
  await using toB = await connectTo(b, { serviceName: "ServiceA" });
  const controller = new AbortController();
  toB.openStream(TARGET, { signal: controller.signal });
  await started;
  controller.abort();
  const expected =
    `[ttstream error, code=12007] [server-side stream] [canceled path: ServiceA -> ServiceB -> ServiceC] ${CANCELED}`;
  assertEquals(await ended, { read: expected, write: expected, signal: expected });
  assertEquals(reported, []);
});

Deno.test("relays of two pipeTo hand a custom reason through", async () => {
  const { handler, started, ended } = waiting();
  const reported = await threeServices(handler, pipes, async (toB) => {
    const stream = toB.openStream(TARGET);
    await started;
    await stream.readable.cancel("seen enough");
    const expected =
      "[ttstream error, code=12008] [server-side stream] [canceled path: ServiceA -> ServiceB] seen enough";
    assertEquals(await ended, { read: expected, write: expected, signal: expected });
  });
  assertEquals(reported, []);
});

Deno.test("a relay hands a business error up, and nobody reports it", async () => {
  const { client, serverB } = await recording("chain_C_biz");
  const biz: Handler = () => {
    throw new BizStatusError(404, "biz not found");
  };
  const downstreamTexts: string[] = [];
  const reported = await threeServices(biz, (toC) => async (stream) => {
    const downstream = toC.openStream(TARGET, { parent: stream });
    const error = await rejection(downstream.readable.getReader().read());
    downstreamTexts.push(messageOf(error));
    throw error;
  }, async (toB) => {
    const error = await rejection(toB.openStream(TARGET).readable.getReader().read());
    assertEquals(error instanceof BizStatusError && error.message, textAt(client, "Recv"));
  });
  assertEquals(downstreamTexts, [textAt(serverB, "downstream-Recv")]);
  assertEquals(reported, []);
});

Deno.test("a relay that hands a fault up wraps its text as Kitex's does", async () => {
  const { client, serverB } = await recording("chain_C_sleeperr");
  const fault = new Error("plain handler error after sleep");
  const reported = await threeServices(() => Promise.reject(fault), pipes, async (toB) => {
    const stream = toB.openStream(TARGET);
    assertEquals(await rejectionText(stream.readable.getReader().read()), client.at(-4)?.err?.text);
  });
  assertEquals(reported.map(messageOf), [fault.message, textAt(serverB, "downstream-Recv")]);
});

const Words = defineService("Words", {
  list: { kind: "server", request: text, response: text },
  join: { kind: "client", request: text, response: text },
  talk: { kind: "bidirectional", request: text, response: text },
});

Deno.test("typed methods cascade: a break at A ends the generators of B and C", async () => {
  const steps: string[] = [];
  const last = Promise.withResolvers<unknown>();
  const words = implement(Words, {
    async *list(request, { signal }) {
      signal.addEventListener("abort", () => last.resolve(signal.reason));
      try {
        for (let i = 0;; i++) yield `${request}${i}`;
      } finally {
        steps.push("C's generator ended");
      }
    },
    join: () => "",
    talk() {},
  });
  const reported = await threeServices(words, (toC) =>
    implement(Words, {
      async *list(request, stream) {
        try {
          yield* createClient(Words, toC).list(request.toUpperCase(), { parent: stream });
        } finally {
          steps.push("B's generator ended");
        }
      },
      join: () => "",
      talk() {},
    }), async (toB) => {
    for await (const word of createClient(Words, toB).list("w")) {
      if (word === "W3") break;
    }
    assertEquals(
      messageOf(await last.promise),
      `[ttstream error, code=12007] [server-side stream] [canceled path: ServiceA -> ServiceB] ${CANCELED}`,
    );
  });
  assertEquals(steps.sort(), ["B's generator ended", "C's generator ended"]);
  assertEquals(reported, []);
});

Deno.test("a client streaming call opened for a parent ends with it", async () => {
  const { handler, started, ended } = waiting();
  const response = Promise.withResolvers<string>();
  const reported = await threeServices(handler, (toC) => async (stream) => {
    const call = createClient(Words, toC).join({ parent: stream });
    response.resolve(rejectionText(call.response));
    await call.response;
  }, async (toB) => {
    const stream = toB.openStream(TARGET);
    await started;
    await stream.readable.cancel();
    await ended;
    assertEquals(
      await response.promise,
      `[ttstream error, code=12007] [client-side stream] [canceled path: ServiceA] ${CANCELED}`,
    );
  });
  assertEquals(reported, []);
});

Deno.test("a stream opened for a parent that has ended writes nothing and reads the parent's end", async () => {
  const [clientEnd, serverEnd] = duplexPair();
  const [downEnd, peerEnd] = duplexPair();
  await using below = connectOver(downEnd, { serviceName: "ServiceB" });
  await using peer = new WirePeer(peerEnd);
  const started = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<SidesEnd>();
  serveOver(serverEnd, async (stream) => {
    started.resolve();
    await aborted(stream.signal);
    const late = below.openStream(TARGET, { parent: stream });
    opened.resolve(await endOf(late));
    below.openStream({ service: "TestService", method: "Next" });
  });
  await using connection = connectOver(clientEnd, { serviceName: "ServiceA" });
  const stream = connection.openStream(TARGET);
  await started.promise;
  await stream.cancel("enough");
  const expected = "[ttstream error, code=12008] [client-side stream] [canceled path: ServiceA] enough";
  assertEquals(await opened.promise, { read: expected, write: expected });
  const { method, streamId } = await peer.expect(FrameType.Header);
  assertEquals({ method, streamId }, { method: "Next", streamId: 1 });
});

Deno.test("a path too long to be handed on costs its stream, not the process", async () => {
  const { handler, started, ended } = waiting();
  const signals: Promise<unknown>[] = [];
  await using c = serveLocally(handler);
  await using toC = await connectTo(c, { serviceName: "ServiceB" });
  await using b = serveLocally(async (stream: ServerStream) => {
    toC.openStream(TARGET, { parent: stream });
    signals.push(aborted(stream.signal));
    await aborted(stream.signal);
  });
  await using peer = new WirePeer(await Deno.connect({ hostname: b.addr.hostname, port: b.addr.port }));
  await peer.send({ type: FrameType.Header, metadata: { isn: "TestService" } });
  await started;
  const path = "x".repeat(65_535);
  const payload = exceptionPayload({ type: 12007, message: "enough" });
  await peer.send({ type: FrameType.Rst, metadata: { ttscp: path }, payload });
  const [reason] = await Promise.all(signals);
  assertEquals(reason instanceof TTStreamError && reason.cancelPath, [path]);
  const { signal } = await ended;
  assertEquals(signal.startsWith("[ttstream error, code=12007] [server-side stream] "), true);
  assertEquals(signal.endsWith("enough"), true);
});

Deno.test("the connection to a service that cannot be reached fails before the cascade begins", async () => {
  const server = serveLocally(() => {});
  const { port } = server.addr;
  await server.shutdown();
  const message = await rejectionText(connect({ port }));
  assertEquals(message.startsWith(`cannot connect to 127.0.0.1:${port}: `), true, message);
});

Deno.test("a serviceName that no frame could carry is refused", async () => {
  const options = { serviceName: "ü".repeat(32_768) };
  const message = "serviceName has 65536 bytes, the limit is 65535 bytes";
  assertThrows(() => connectOver(duplexPair()[0], options), RangeError, message);
  await assertRejects(() => connect({ ...options, port: 1 }), RangeError, message);
});
