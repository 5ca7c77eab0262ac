/** Nothing is left of a stream that has ended and holds no unread message: no listener, no timer, no entry. */
import { assertEquals } from "@std/assert";
import { createClient, defineService, type StreamOpener } from "../../mod.ts";
import { FrameConnection } from "../../src/ttheader/connection.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { bytes, text } from "../support/codecs.ts";
import { FORMS, openerOf } from "../support/forms.ts";
import { countingSignal } from "../support/listeners.ts";
import { ClientScript } from "../support/script.ts";
import { TcpPair } from "../support/tcp.ts";

const service = defineService("Test", {
  list: { kind: "server", request: text, response: text },
  talk: { kind: "bidirectional", request: text, response: text },
  join: { kind: "client", request: text, response: text },
});

/** Ways to read one message, and not the end. */
const READS: Record<
  string,
  (opener: StreamOpener, options: { signal: AbortSignal; parent: Parent }) => Promise<unknown>
> = {
  "a reader of a raw stream": async (opener, options) => {
    const stream = opener.openStream({ service: "Test", method: "Echo" }, options);
    const { value } = await stream.readable.getReader().read();
    await stream.closed;
    return value;
  },
  "a reader of a server streaming call": async (opener, options) => {
    const call = createClient(service, opener).list("x", options);
    const { value } = await call.readable.getReader().read();
    await call.closed;
    return value;
  },
  "an iterator of a bidirectional call": async (opener, options) => {
    const call = createClient(service, opener).talk(options);
    const { value } = await call[Symbol.asyncIterator]().next();
    await call.closed;
    return value;
  },
  "an iterator of a readable": async (opener, options) => {
    const call = createClient(service, opener).talk(options);
    const { value } = await call.readable.values().next();
    await call.closed;
    return value;
  },
  "the response of a client streaming call": async (opener, options) => {
    const call = createClient(service, opener).join(options);
    const response = await call.response;
    await call.closed;
    return response;
  },
  "a reader behind the end": async (opener, options) => {
    const call = createClient(service, opener).talk(options);
    const readable = call.readable;
    await call.closed;
    return (await readable.getReader().read()).value;
  },
};

interface Parent {
  readonly signal: AbortSignal;
  readonly metainfo: {
    readonly persistent: ReadonlyMap<string, string>;
    readonly transient: ReadonlyMap<string, string>;
  };
}

const handler = (stream: { send(message: Uint8Array): Promise<void> }) => stream.send(bytes("one"));

for (const [name, read] of Object.entries(READS)) {
  for (const form of FORMS) {
    Deno.test(`a call of which one message was read, and not the end, leaves no listener: ${name}, ${form.name}`, async () => {
      await using pair = await TcpPair.open(handler);
      const signal = countingSignal();
      const parent = countingSignal();
      const metainfo = { persistent: new Map(), transient: new Map() };
      const kept: unknown[] = [];
      for (let i = 0; i < 20; i++) {
        kept.push(
          await read(openerOf(form, pair.connection), {
            signal: signal.controller.signal,
            parent: { signal: parent.controller.signal, metainfo },
          }),
        );
        assertEquals([signal.listeners(), parent.listeners()], [0, 0]);
      }
      assertEquals(kept.length, 20);
    });
  }
}

Deno.test("the connection forgets a stream of which one message was read, and not the end", async () => {
  const lingering: number[] = [];
  const { linger, unlinger } = FrameConnection.prototype;
  FrameConnection.prototype.linger = function (...args) {
    lingering.push(args[0]);
    return linger.apply(this, args);
  };
  FrameConnection.prototype.unlinger = function (streamId) {
    const at = lingering.indexOf(streamId);
    if (at >= 0) lingering.splice(at, 1);
    return unlinger.call(this, streamId);
  };
  try {
    await using script = new ClientScript();
    const stream = script.open();
    const reader = stream.readable.getReader();
    await script.peer.send(
      { type: FrameType.Header },
      { type: FrameType.Data, payload: bytes("one") },
      { type: FrameType.Data, payload: bytes("two") },
      { type: FrameType.Trailer },
    );
    await stream.closed;
    assertEquals(lingering, [1]);
    await reader.read();
    assertEquals(lingering, [1]); // "two" may still be taken back
    await reader.read();
    assertEquals(lingering, []);
  } finally {
    Object.assign(FrameConnection.prototype, { linger, unlinger });
  }
});

Deno.test("a signal that aborts takes back what is unread, and nothing once all has been read", async () => {
  const controller = new AbortController();
  await using script = new ClientScript();
  const stream = script.open({ signal: controller.signal });
  const reader = stream.readable.getReader();
  await script.peer.send({ type: FrameType.Header }, { type: FrameType.Data, payload: bytes("one") }, {
    type: FrameType.Trailer,
  });
  await stream.closed;
  await reader.read();
  controller.abort("late");
  assertEquals((await reader.read()).done, true);
});
