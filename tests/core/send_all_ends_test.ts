/** `sendAll` and the end: the source is told that nobody wants any more, and a source that fails ends the stream. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  type ClientStream,
  createClient,
  type Handler,
  type MessageSource,
  TTStreamError,
} from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { Test } from "../support/calls.ts";
import { bytes } from "../support/codecs.ts";
import { FORMS, handlerOf, openerOf } from "../support/forms.ts";
import { rejection, rejectionText } from "../support/rejection.ts";
import { ClientScript, ServerScript } from "../support/script.ts";
import { turns } from "../support/turns.ts";
import { untyped } from "../support/untyped.ts";
import { exceptionOf, exceptionPayload } from "../support/wire_peer.ts";

const target = { service: "Test", method: "Echo" };

/** A source that has given one message, waits for ever, and says when it is told to stop. */
interface Hanging {
  readonly source: MessageSource<Uint8Array>;
  readonly asked: Promise<void>;
  readonly stopped: Promise<void>;
  /** Lets it go on. */
  readonly release?: () => void;
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
    const go = Promise.withResolvers<void>();
    const source = async function* () {
      try {
        yield bytes("one");
        asked.resolve();
        await go.promise;
        yield bytes("two");
      } finally {
        stopped.resolve();
      }
    };
    return { source: source(), asked: asked.promise, stopped: stopped.promise, release: go.resolve };
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
        const { source, asked, stopped, release } = hanging();
        const sending = stream.sendAll(source);
        await script.peer.expect(FrameType.Data);
        await asked;
        await end(script, stream, controller);
        assertStringIncludes(await rejectionText(sending), says, `${name}, ${kind}`);
        release?.();
        await stopped;
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
        const { source, asked, stopped, release } = hanging();
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
        release?.();
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
