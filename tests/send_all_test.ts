/** `sendAll`: whatever gives messages, sent as the connection takes them, and told when nobody wants any more. */
import { assert, assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import {
  type ClientStream,
  connectOver,
  createClient,
  type Handler,
  type MessageSource,
  serveOver,
  type ServerStream,
  TTStreamError,
} from "../mod.ts";
import { FrameType } from "../src/wire/frame.ts";
import { Test } from "./support/calls.ts";
import { bytes, string } from "./support/codecs.ts";
import { type Form, FORMS, handlerOf, openerOf, OWN } from "./support/forms.ts";
import { Gate } from "./support/gate.ts";
import { duplexPair } from "./support/pair.ts";
import { rejection, rejectionText } from "./support/rejection.ts";
import { ClientScript, ServerScript } from "./support/script.ts";
import { turns } from "./support/turns.ts";
import { untyped } from "./support/untyped.ts";
import { encodeFrames, exceptionOf, exceptionPayload } from "./support/wire_peer.ts";

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

/** A source that has given one message, waits for ever, and says when it is told to stop. */
interface Hanging {
  readonly source: MessageSource<Uint8Array>;
  readonly asked: Promise<void>;
  readonly stopped: Promise<void>;
}

const HANGING: Record<string, () => Hanging> = {
  "an async iterator whose next() hangs": () => {
    const asked = Promise.withResolvers<void>();
    const stopped = Promise.withResolvers<void>();
    let given = false;
    const source: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next() {
          if (!given) {
            given = true;
            return Promise.resolve({ done: false, value: bytes("one") });
          }
          asked.resolve();
          return new Promise(() => {});
        },
        return() {
          stopped.resolve();
          return Promise.resolve({ done: true, value: undefined });
        },
      }),
    };
    return { source, asked: asked.promise, stopped: stopped.promise };
  },
  "a ReadableStream whose read() hangs": () => {
    const asked = Promise.withResolvers<void>();
    const stopped = Promise.withResolvers<void>();
    let given = false;
    const source = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (given) {
          asked.resolve();
          return new Promise(() => {});
        }
        given = true;
        controller.enqueue(bytes("one"));
        return undefined;
      },
      cancel: () => stopped.resolve(),
    }, { highWaterMark: 0 });
    return { source, asked: asked.promise, stopped: stopped.promise };
  },
  "a generator, which comes to its finally behind its own await": () => {
    const asked = Promise.withResolvers<void>();
    const stopped = Promise.withResolvers<void>();
    const source = async function* () {
      try {
        yield bytes("one");
        asked.resolve();
        await turns(20);
        yield bytes("two");
      } finally {
        stopped.resolve();
      }
    };
    return { source: source(), asked: asked.promise, stopped: stopped.promise };
  },
};

interface Ending {
  readonly name: string;
  end(script: ClientScript, stream: ClientStream, controller: AbortController): unknown;
  readonly says: string;
}

const CLIENT_ENDS: readonly Ending[] = [
  {
    name: "the server ends it well",
    end: ({ peer }) => peer.send({ type: FrameType.Trailer }),
    says: "stream is closed send",
  },
  {
    name: "an exception",
    end: ({ peer }) =>
      peer.send({ type: FrameType.Trailer, payload: exceptionPayload({ type: 6, message: "boom" }) }),
    says: "boom",
  },
  {
    name: "a Rst",
    end: ({ peer }) =>
      peer.send({ type: FrameType.Rst, payload: exceptionPayload({ type: 12007, message: "so" }) }),
    says: "so",
  },
  { name: "its signal", end: (_, __, controller) => controller.abort("enough"), says: "enough" },
  { name: "cancel()", end: (_, stream) => void stream.cancel("enough"), says: "enough" },
  { name: "the loss of the connection", end: ({ peer }) => peer.close(), says: "code=12006" },
];

for (const form of FORMS) {
  Deno.test(`the source of sendAll() is stopped and sendAll() rejects when the stream ends: ${form.name}, at the client`, async () => {
    for (const { name, end, says } of CLIENT_ENDS) {
      for (const [kind, hanging] of Object.entries(HANGING)) {
        await using script = new ClientScript();
        const controller = new AbortController();
        const opener = openerOf(form, script.connection);
        const stream = opener.openStream(target, { signal: controller.signal });
        await script.peer.expect(FrameType.Header);
        const { source, asked, stopped } = hanging();
        const sending = stream.sendAll(source);
        void stream.sendAll([]).catch(() => {});
        await script.peer.expect(FrameType.Data);
        await asked;
        await end(script, stream, controller);
        assertStringIncludes(await rejectionText(sending), says, `${name}, ${kind}`);
        await stopped;
        if (source instanceof ReadableStream) continue;
      }
    }
  });

  Deno.test(`the source of a typed sendAll() is stopped, too: ${form.name}, at the client`, async () => {
    for (const { name, end, says } of CLIENT_ENDS) {
      await using script = new ClientScript();
      const controller = new AbortController();
      const opener = openerOf(form, script.connection);
      let raw: ClientStream | undefined;
      const keeping = {
        openStream: (...args: Parameters<typeof opener.openStream>) => raw = opener.openStream(...args),
      };
      const call = createClient(Test.talk, keeping).echo({ signal: controller.signal });
      assert(raw !== undefined);
      await script.peer.expect(FrameType.Header);
      const stopped = Promise.withResolvers<void>();
      const asked = Promise.withResolvers<void>();
      const source: AsyncIterable<string> = {
        [Symbol.asyncIterator]: () => ({
          next: () => {
            asked.resolve();
            return new Promise(() => {});
          },
          return: () => {
            stopped.resolve();
            return Promise.resolve({ done: true, value: undefined });
          },
        }),
      };
      const sending = call.sendAll(source);
      await asked.promise;
      await end(script, raw, controller);
      assertStringIncludes(await rejectionText(sending), says, name);
      await stopped.promise;
    }
  });

  Deno.test(`the source of sendAll() is stopped and sendAll() rejects when the stream ends: ${form.name}, at the server`, async () => {
    const ends: Record<string, (script: ServerScript) => unknown> = {
      "a Rst": ({ peer }) =>
        peer.send({ type: FrameType.Rst, payload: exceptionPayload({ type: 12007, message: "so" }) }),
      "the loss of the connection": ({ peer }) => peer.close(),
      "the server's end": ({ connection }) => connection.abort(),
    };
    for (const [name, end] of Object.entries(ends)) {
      for (const hanging of Object.values(HANGING)) {
        const { source, asked, stopped } = hanging();
        const sent = Promise.withResolvers<unknown>();
        const handler: Handler = async (stream) => {
          const error = await rejection(stream.sendAll(source));
          sent.resolve(error);
          throw error;
        };
        await using script = new ServerScript(handlerOf(form, handler));
        await script.header();
        await script.peer.expect(FrameType.Header);
        await script.peer.expect(FrameType.Data);
        await asked;
        await end(script);
        const error = await sent.promise;
        assert(error instanceof TTStreamError, `${name}: ${Deno.inspect(error)}`);
        await stopped;
        assertEquals(script.errors, []); // a stream's own end is nobody's fault
      }
    }
  });

  Deno.test(`a source that throws cancels the call with its text, and sendAll() rejects with its error: ${form.name}`, async () => {
    for (const [name, source] of Object.entries(failingSources())) {
      await using script = new ClientScript();
      const stream = openerOf(form, script.connection).openStream(target);
      await script.peer.expect(FrameType.Header);
      assertEquals(await rejectionText(stream.sendAll(source)), "out of paper", name);
      let frame = await script.peer.next();
      while (frame?.type === FrameType.Data) frame = await script.peer.next();
      assert(frame?.type === FrameType.Rst, name);
      assertEquals(exceptionOf(frame), { type: 12008, message: "out of paper" });
      assertStringIncludes(await rejectionText(stream.closed), "out of paper");
    }
  });

  Deno.test(`a source that throws fails the handler's stream, awaited or not, and sendAll() rejects with its error: ${form.name}`, async () => {
    for (const awaited of [true, false]) {
      for (const [name, source] of Object.entries(failingSources())) {
        const handler: Handler = async (stream) => {
          const sending = stream.sendAll(source);
          if (awaited) await sending;
          else await new Promise((resolve) => stream.signal.addEventListener("abort", resolve));
        };
        await using script = new ServerScript(handlerOf(form, handler));
        await script.header();
        let frame = await script.peer.next();
        while (frame !== undefined && frame.type !== FrameType.Trailer) frame = await script.peer.next();
        assert(frame !== undefined, name);
        assertEquals(exceptionOf(frame), { type: 6, message: "biz error: out of paper" });
        assertEquals(
          script.errors.map((error) => error instanceof Error && error.message),
          ["out of paper"],
          name,
        );
      }
    }
  });
}

function failingSources(): Record<string, MessageSource<Uint8Array>> {
  const error = new Error("out of paper");
  return {
    "a generator": (function* () {
      yield bytes("one");
      throw error;
    })(),
    "an async generator that begins with it": (async function* () {
      await turns(1);
      if (error) throw error;
      yield bytes("never");
    })(),
    "a ReadableStream": new ReadableStream({
      pull(controller) {
        controller.error(error);
      },
    }),
    "an iterable without an iterator": {
      [Symbol.iterator]() {
        throw error;
      },
    },
  };
}

Deno.test("an iterator that has thrown is not told to stop", async () => {
  await using script = new ClientScript();
  let returned = 0;
  const source: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({
      next: () => Promise.reject(new Error("out of paper")),
      return() {
        returned++;
        return Promise.resolve({ done: true, value: undefined });
      },
    }),
  };
  assertEquals(await rejectionText(script.open().sendAll(source)), "out of paper");
  await turns(2);
  assertEquals(returned, 0);
});

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

Deno.test("a sendAll() that nobody awaits ends no process, however it fails", async () => {
  for (const form of FORMS) {
    await using script = new ClientScript();
    const open = () => openerOf(form, script.connection).openStream(target);
    void open().sendAll(untyped<MessageSource<Uint8Array>>("text"));
    for (const source of Object.values(failingSources())) void open().sendAll(source);
    const stream = open();
    void stream.sendAll((async function* () {
      await turns(1);
      yield bytes("x");
    })());
    stream.cancel();
    void stream.sendAll([bytes("x")]);
    const typed = createClient(Test.talk, openerOf(form, script.connection)).echo();
    typed.cancel();
    void typed.sendAll(["x"]);
    await turns(10); // an unhandled rejection would fail the test
  }
});

Deno.test("sendAll() on a stream that has ended stops the source unread", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  stream.cancel("over");
  let asked = 0;
  const canceled = Promise.withResolvers<void>();
  const source = new ReadableStream<Uint8Array>({
    pull: () => void asked++,
    cancel: () => canceled.resolve(),
  }, {
    highWaterMark: 0,
  });
  assertStringIncludes(await rejectionText(stream.sendAll(source)), "over");
  await canceled.promise;
  assertEquals(asked, 0);
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
