import { assertEquals, assertStrictEquals } from "@std/assert";
import {
  BizStatusError,
  type CallOptions,
  type ClientStream,
  type Codec,
  connectOver,
  createClient,
  defineService,
  type Handler,
  implement,
  serveOver,
  type ServerStream,
} from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { bytes, string, text } from "../support/codecs.ts";
import { aborted } from "../support/events.ts";
import { duplexPair } from "../support/pair.ts";
import { rejection } from "../support/rejection.ts";
import { settled } from "../support/settle.ts";
import { type FrameInit, WirePeer } from "../support/wire_peer.ts";

const KIB = 1024;
const LIMIT = 16 * KIB;
const TARGET = { service: "TestService", method: "Echo" };

/** Far more than the limit, in one write each: the last of them is behind the pause. */
function flood(streamId: number): FrameInit[][] {
  const data = { type: FrameType.Data, streamId, payload: new Uint8Array(KIB) };
  return Array.from({ length: 8 }, () => Array<FrameInit>(8).fill(data));
}

/** Whether `promise` has settled, everything under way having come to rest. */
async function pending(promise: Promise<unknown>): Promise<boolean> {
  let isPending = true;
  promise.then(() => isPending = false, () => isPending = false);
  await settled(() => isPending ? 1 : 2);
  return isPending;
}

/**
 * A client whose stream 1 gets more than it reads, so that its neighbour 2 gets nothing; then `release` is to let
 * the connection go on, and the neighbour's message must come.
 */
async function stalledClient(
  options: CallOptions,
  release: (stream: ClientStream, peer: WirePeer) => Promise<unknown>,
): Promise<void> {
  const [clientEnd, peerEnd] = duplexPair();
  const connection = connectOver(clientEnd, { maxBufferedBytes: LIMIT });
  const peer = new WirePeer(peerEnd);
  const stream = connection.openStream(TARGET, options);
  const neighbour = connection.openStream(TARGET).readable.getReader();
  await peer.expect(FrameType.Header);
  await peer.expect(FrameType.Header);
  const sent = (async () => {
    for (const frames of flood(1)) await peer.send(...frames);
    await peer.send({ type: FrameType.Data, streamId: 2, payload: bytes("at last") });
  })();
  const read = neighbour.read();
  assertEquals(await pending(read), true, "the neighbour stalls while the limit is exceeded");
  await release(stream, peer);
  assertEquals(string((await read).value), "at last");
  await sent;
  connection.abort();
  await peer.close();
}

const clientReleases: Record<string, (stream: ClientStream) => Promise<unknown>> = {
  "reading it": async ({ readable }) => {
    const reader = readable.getReader();
    for (let i = 0; i < 64; i++) assertEquals((await reader.read()).value?.length, KIB);
  },
  "readable.cancel()": ({ readable }) => readable.cancel(),
  "writable.abort()": ({ writable }) => writable.abort(),
  "break": async ({ readable }) => {
    for await (const _ of readable) break;
  },
  "the end of its scope": async (stream) => await stream[Symbol.asyncDispose](),
};

for (const [name, release] of Object.entries(clientReleases)) {
  Deno.test(`at the client, ${name} lets the neighbours of an unread stream go on`, async () => {
    await stalledClient({}, release);
  });
}

Deno.test("at the client, a signal lets the neighbours of an unread stream go on", async () => {
  const controller = new AbortController();
  await stalledClient({ signal: controller.signal }, () => Promise.resolve(controller.abort()));
});

Deno.test("at the client, a time-out lets the neighbours of an unread stream go on", async () => {
  await stalledClient({ timeoutMs: 1000 }, ({ header }) => rejection(header));
});

Deno.test("at the client, a codec that throws lets the neighbours go on", async () => {
  const [clientEnd, peerEnd] = duplexPair();
  const broken: Codec<string> = {
    encode: bytes,
    decode() {
      throw new Error("unreadable");
    },
  };
  const Broken = defineService("Broken", {
    talk: { kind: "bidirectional", request: text, response: broken },
  });
  const connection = connectOver(clientEnd, { maxBufferedBytes: LIMIT });
  const peer = new WirePeer(peerEnd);
  const call = createClient(Broken, connection).talk();
  const neighbour = connection.openStream(TARGET).readable.getReader();
  await peer.expect(FrameType.Header);
  await peer.expect(FrameType.Header);
  const sent = (async () => {
    for (const frames of flood(1)) await peer.send(...frames);
    await peer.send({ type: FrameType.Data, streamId: 2, payload: bytes("at last") });
  })();
  await rejection(call.readable.getReader().read());
  assertEquals(string((await neighbour.read()).value), "at last");
  await sent;
  connection.abort();
  await peer.close();
});

Deno.test("at the client, what comes after a receive time-out without a cancel is dropped", async () => {
  const [clientEnd, peerEnd] = duplexPair();
  const connection = connectOver(clientEnd, { maxBufferedBytes: LIMIT });
  const peer = new WirePeer(peerEnd);
  const stream = connection.openStream(TARGET, { recvTimeoutMs: 20, cancelRemoteOnRecvTimeout: false });
  await rejection(stream.readable.getReader().read());
  const neighbour = connection.openStream(TARGET).readable.getReader();
  for (const frames of flood(1)) await peer.send(...frames);
  await peer.send({ type: FrameType.Data, streamId: 2, payload: bytes("at last") });
  assertEquals(string((await neighbour.read()).value), "at last");
  connection.abort();
  await peer.close();
});

Deno.test("at the client, what comes after the one response is dropped", async () => {
  const [clientEnd, peerEnd] = duplexPair();
  const Sum = defineService("Sum", { add: { kind: "client", request: text, response: text } });
  const connection = connectOver(clientEnd, { maxBufferedBytes: LIMIT });
  const peer = new WirePeer(peerEnd);
  const call = createClient(Sum, connection).add();
  const response = call.response;
  await peer.send({ type: FrameType.Data, payload: bytes("the sum") });
  assertEquals(await response, "the sum");
  for (const frames of flood(1)) await peer.send(...frames);
  await peer.send({ type: FrameType.Trailer, metadata: { all: "sent" } });
  assertEquals(await call.trailer, new Map([["all", "sent"]]));
  connection.abort();
  await peer.close();
});

Deno.test("at the client, what was unread when a well ended stream is cancelled is given back", async () => {
  const [clientEnd, peerEnd] = duplexPair();
  const connection = connectOver(clientEnd, { maxBufferedBytes: LIMIT });
  const peer = new WirePeer(peerEnd);
  for (let streamId = 1; streamId <= 20; streamId++) {
    const stream = connection.openStream(TARGET);
    await peer.send({ type: FrameType.Data, streamId, payload: new Uint8Array(LIMIT / 2) });
    await peer.send({ type: FrameType.Trailer, streamId });
    await stream.trailer;
    if (streamId % 2 === 0) await stream.readable.cancel();
    else await stream[Symbol.asyncDispose]();
  }
  connection.abort();
  await peer.close();
});

/**
 * A server whose stream 1 gets more than its handler reads, so that its neighbour 3 is not even opened; then
 * `release` is to let the connection go on.
 */
async function stalledServer(
  release: (stream: ServerStream, goOn: Promise<void>) => void | Promise<void>,
): Promise<void> {
  const [peerEnd, serverEnd] = duplexPair();
  const go = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const neighbour = Promise.withResolvers<string>();
  const handler: Handler = async (stream) => {
    if (stream.method === "Neighbour") return neighbour.resolve(stream.method);
    await go.promise;
    await release(stream, goOn.promise);
  };
  const serving = serveOver(serverEnd, handler, { maxBufferedBytes: LIMIT, onError() {} });
  const peer = new WirePeer(peerEnd);
  await peer.send({ type: FrameType.Header, metadata: { isn: "TestService" } });
  const sent = (async () => {
    for (const frames of flood(1)) await peer.send(...frames);
    await peer.send({ type: FrameType.Header, streamId: 3, method: "Neighbour" });
  })();
  assertEquals(await pending(neighbour.promise), true, "the neighbour stalls while the limit is exceeded");
  go.resolve();
  assertEquals(await neighbour.promise, "Neighbour");
  await sent;
  goOn.resolve();
  await peer.close();
  await serving.finished;
}

/** They end the handler, or keep it running until the neighbour has been served. */
const serverReleases: Record<string, Parameters<typeof stalledServer>[0]> = {
  "reading it": async ({ readable }, goOn) => {
    const reader = readable.getReader();
    for (let i = 0; i < 64; i++) assertEquals((await reader.read()).value?.length, KIB);
    await goOn;
  },
  "readable.cancel()": async ({ readable }, goOn) => {
    await readable.cancel();
    await goOn;
  },
  "break": async ({ readable }, goOn) => {
    for await (const _ of readable) break;
    await goOn;
  },
  "returning without having read": () => {},
  "returning with a reader that has read one message": async ({ readable }) => {
    await readable.getReader().read();
  },
  "throwing": () => {
    throw new Error("no");
  },
  "throwing a business error": () => {
    throw new BizStatusError(1, "no");
  },
  "writable.abort()": async ({ writable }, goOn) => {
    await writable.abort(new Error("no"));
    await goOn;
  },
  "an unknown method": (stream) =>
    implement(
      defineService("TestService", { other: { kind: "bidirectional", request: text, response: text } }),
      {
        other() {},
      },
    )(stream),
  "a server streaming method, which takes one request,": (stream, goOn) =>
    implement(defineService("TestService", { Echo: { kind: "server", request: text, response: text } }), {
      Echo: () => goOn,
    })(stream),
};

for (const [name, release] of Object.entries(serverReleases)) {
  Deno.test(`at the server, ${name} lets the neighbours of an unread stream go on`, async () => {
    await stalledServer(release);
  });
}

Deno.test("at the server, data that comes for a stream that has ended costs nothing", async () => {
  const [peerEnd, serverEnd] = duplexPair();
  const serving = serveOver(serverEnd, () => {}, { maxBufferedBytes: LIMIT });
  const peer = new WirePeer(peerEnd);
  await peer.send({ type: FrameType.Header });
  await peer.expect(FrameType.Header);
  await peer.expect(FrameType.Trailer);
  for (const frames of flood(1)) await peer.send(...frames);
  await peer.send({ type: FrameType.Header, streamId: 3 });
  assertStrictEquals((await peer.expect(FrameType.Header)).streamId, 3);
  await peer.close();
  await serving.finished;
});

Deno.test("at the server, a Rst drops what is unread: hundreds of cancelled floods leave no debt", async () => {
  const [peerEnd, serverEnd] = duplexPair();
  let ended = 0;
  const handler: Handler = async ({ signal }) => {
    await aborted(signal);
    ended++;
  };
  const serving = serveOver(serverEnd, handler, { maxBufferedBytes: LIMIT });
  const peer = new WirePeer(peerEnd);
  for (let streamId = 1; streamId <= 300; streamId++) {
    await peer.send(
      { type: FrameType.Header, streamId },
      { type: FrameType.Data, streamId, payload: new Uint8Array(LIMIT / 2) },
    );
    await peer.send({ type: FrameType.Rst, streamId });
  }
  await settled(() => ended);
  assertEquals(ended, 300);
  await peer.close();
  await serving.finished;
});

Deno.test("calls whose answers nobody reads do not fill the account, once they have ended", async () => {
  const [clientEnd, serverEnd] = duplexPair();
  const serving = serveOver(serverEnd, async (stream) => {
    const writer = stream.writable.getWriter();
    await writer.write(new Uint8Array(300));
  });
  const connection = connectOver(clientEnd, { maxBufferedBytes: 500 });
  for (let call = 0; call < 20; call++) {
    const stream = connection.openStream({ service: "Test", method: "Fill" });
    assertEquals((await stream.trailer).size, 0);
  }
  const late = connection.openStream({ service: "Test", method: "Fill" });
  await late.trailer;
  assertEquals((await Array.fromAsync(late.readable)).map(({ length }) => length), [300]);
  await connection.close();
  await serving.finished;
});
