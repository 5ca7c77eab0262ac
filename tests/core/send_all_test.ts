/** `sendAll`: whatever gives messages, sent as the connection takes them. */
import { assert, assertEquals, assertLess } from "@std/assert";
import {
  connectOver,
  createClient,
  type Handler,
  type MessageSource,
  serveOver,
  type ServerStream,
  TTStreamError,
} from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { Test } from "../support/calls.ts";
import { bytes, string } from "../support/codecs.ts";
import { type Form, FORMS, handlerOf, openerOf, OWN } from "../support/forms.ts";
import { Gate } from "../support/gate.ts";
import { duplexPair } from "../support/pair.ts";
import { rejection } from "../support/rejection.ts";
import { ClientScript, ServerScript } from "../support/script.ts";
import { turns } from "../support/turns.ts";
import { untyped } from "../support/untyped.ts";
import { encodeFrames, exceptionOf } from "../support/wire_peer.ts";

const target = { service: "Test", method: "Echo" };
const LETTERS = ["a", "b", "c"];

/** All that gives messages. */
const SOURCES: Record<string, <T>(messages: T[]) => MessageSource<T>> = {
  "an array": (messages) => messages,
  "a Set": (messages) => new Set(messages),
  "a generator": function* (messages) {
    yield* messages;
  },
  "an async generator": async function* (messages) {
    for (const message of messages) {
      await turns(1);
      yield message;
    }
  },
  "an iterable of its own": <T>(messages: T[]) => ({
    [Symbol.iterator]: () => messages[Symbol.iterator](),
  }),
  "an async iterable of its own": <T>(messages: T[]) => ({
    [Symbol.asyncIterator](): AsyncIterator<T> {
      const left = [...messages];
      return {
        next(): Promise<IteratorResult<T, undefined>> {
          const value = left.shift();
          return Promise.resolve(
            value === undefined ? { done: true, value: undefined } : { done: false, value },
          );
        },
      };
    },
  }),
  "a ReadableStream": (messages) => ReadableStream.from(messages),
};

for (const form of FORMS) {
  Deno.test(`sendAll() sends all of any source and half closes: ${form.name}, at the client`, async () => {
    for (const [name, source] of Object.entries(SOURCES)) {
      const [near, far] = duplexPair();
      const server = serveOver(far, async (stream) => await stream.sendAll(stream.readable));
      const connection = connectOver(near);
      const opener = openerOf(form, connection);
      const raw = opener.openStream(target);
      await raw.sendAll(source(LETTERS.map(bytes)));
      assertEquals((await Array.fromAsync(raw)).map(string), LETTERS, name);
      const talk = createClient(Test.talk, opener).echo();
      await talk.sendAll(source(LETTERS));
      assertEquals(await Array.fromAsync(talk), LETTERS, name);
      const empty = createClient(Test.talk, opener).echo();
      await empty.sendAll(source([]));
      assertEquals(await Array.fromAsync(empty), [], name);
      const join = createClient(Test.join, opener).echo();
      await join.sendAll(source(LETTERS));
      assertEquals(await join.response, "a", name);
      await connection.close();
      await server.finished;
    }
  });

  Deno.test(`sendAll() sends all of any source, and the handler may send on: ${form.name}, at the server`, async () => {
    for (const [name, source] of Object.entries(SOURCES)) {
      const [near, far] = duplexPair();
      const errors: unknown[] = [];
      const handler: Handler = async (stream) => {
        await stream.sendAll(source(LETTERS.map(bytes)));
        await stream.send(bytes("d"));
        if (!stream.writable.locked) await stream.writable.close();
      };
      const server = serveOver(far, handlerOf(form, handler), { onError: (error) => errors.push(error) });
      const connection = connectOver(near);
      const stream = connection.openStream(target);
      assertEquals((await Array.fromAsync(stream)).map(string), [...LETTERS, "d"], name);
      await connection.close();
      await server.finished;
      assertEquals(errors, []);
    }
  });
}

Deno.test("what is no source, or is being read by somebody else, is refused with a TypeError at both ends", async () => {
  const locked = new ReadableStream<Uint8Array>();
  locked.getReader();
  const wrong: Record<string, unknown> = {
    "a string": "text",
    "undefined": undefined,
    "a number": 5,
    "a plain object": {},
  };
  for (const form of FORMS) {
    for (const [name, source] of Object.entries({ ...wrong, "a locked ReadableStream": locked })) {
      await using script = new ClientScript();
      const stream = openerOf(form, script.connection).openStream(target);
      const error = await rejection(stream.sendAll(untyped<MessageSource<Uint8Array>>(source)));
      assert(error instanceof TypeError, `${form.name}: ${name}`);
      // The far end would wait for ever otherwise.
      assert(await rejection(stream.closed) instanceof TTStreamError);

      const handler: Handler = (stream) => stream.sendAll(untyped<MessageSource<Uint8Array>>(source));
      await using server = new ServerScript(handlerOf(form, handler));
      await server.header();
      await server.peer.expect(FrameType.Header);
      assertEquals(exceptionOf(await server.peer.expect(FrameType.Trailer)).type, 6);
      assert(server.errors[0] instanceof TypeError);
    }
  }
});

Deno.test("sendAll() asks its source for no more than the connection takes, at both ends", async () => {
  const ends: Record<string, (gate: Gate, source: MessageSource<Uint8Array>, form: Form) => Disposable> = {
    client(gate, source, form) {
      const connection = connectOver(gate.duplex);
      openerOf(form, connection).openStream(target).sendAll(source);
      return { [Symbol.dispose]: () => connection.abort() };
    },
    server(gate, source, form) {
      const handler: Handler = async (stream: ServerStream) => {
        await stream.sendAll(source);
        if (stream.writable.locked) return;
        await stream.writable.close();
        await turns(5);
      };
      const server = serveOver(gate.duplex, handlerOf(form, handler));
      gate.give(encodeFrames({ type: FrameType.Header, metadata: { isn: "Test" } }));
      return { [Symbol.dispose]: () => server.abort() };
    },
  };
  const SIZE = 50_000;
  const COUNT = 100;
  for (const [name, start] of Object.entries(ends)) {
    for (const form of [OWN, ...FORMS]) {
      const gate = new Gate();
      let given = 0;
      const source = function* () {
        for (; given < COUNT; given++) yield new Uint8Array(SIZE).fill(given);
      };
      using running = start(gate, source(), form);
      await turns(50);
      assertLess(given, 15, `${name}, ${form.name}`);
      gate.open();
      const frames = await gate.framesTo(({ type }) => type === FrameType.Trailer);
      const data = frames.filter(({ type }) => type === FrameType.Data);
      assertEquals(data.map(({ payload }) => payload[0]), Array.from({ length: COUNT }, (_, i) => i));
      gate.hangUp();
      void running;
    }
  }
});

Deno.test("sendAll() leaves a ReadableStream unlocked when it is through", async () => {
  await using script = new ClientScript();
  const source = ReadableStream.from(LETTERS.map(bytes));
  await script.open().sendAll(source);
  assertEquals(source.locked, false);
});
