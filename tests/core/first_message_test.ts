/** `firstMessageTimeoutMs`: 12014 for the first message alone; `recvTimeoutMs` counts from there. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { type Call, type CallOptions, type ClientStream, createClient, TTStreamError } from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { CALLS, Test } from "../support/calls.ts";
import { bytes } from "../support/codecs.ts";
import { FORMS, openerOf } from "../support/forms.ts";
import { rejection } from "../support/rejection.ts";
import { ClientScript } from "../support/script.ts";

function read(call: Call): Promise<unknown> {
  if ("readable" in call && call.readable instanceof ReadableStream) return call.readable.getReader().read();
  assert("response" in call);
  return Promise.resolve(call.response);
}

async function timeoutOf(promise: Promise<unknown>): Promise<string> {
  const error = await rejection(promise);
  assert(error instanceof TTStreamError, Deno.inspect(error));
  assertEquals([error.code, error.kind, error.service, error.method], [12014, "timeout", "Test", "Echo"]);
  return error.description;
}

for (const { name, open } of CALLS) {
  Deno.test(`the first message has a time of its own, longer or shorter than the others': ${name}`, async () => {
    const cases: [CallOptions, string][] = [
      [{ firstMessageTimeoutMs: 5 }, "5ms"],
      [{ firstMessageTimeoutMs: 5, recvTimeoutMs: 60_000 }, "5ms"],
      [{ firstMessageTimeoutMs: 7, recvTimeoutMs: 1 }, "7ms"],
      [{ recvTimeoutMs: 6 }, "6ms"],
      [{ recvTimeoutMs: 6, firstMessageTimeoutMs: undefined }, "6ms"],
    ];
    for (const form of FORMS) {
      for (const [options, ms] of cases) {
        await using script = new ClientScript();
        const call = open(script.connection, form, options);
        assertEquals(
          await timeoutOf(read(call)),
          `stream Recv timeout, timeout config={Timeout:${ms} DisableCancelRemote:false}`,
        );
        await timeoutOf(call.closed);
      }
    }
  });
}

Deno.test("behind the first message recvTimeoutMs counts, for a reader and for an iteration", async () => {
  const ways: ((stream: ClientStream<string, string>) => () => Promise<unknown>)[] = [
    (stream) => {
      const reader = stream.readable.getReader();
      return () => reader.read();
    },
    (stream) => {
      const iterator = stream[Symbol.asyncIterator]();
      return () => iterator.next();
    },
    (stream) => {
      const iterator = stream.readable[Symbol.asyncIterator]();
      return () => iterator.next();
    },
  ];
  for (const form of FORMS) {
    for (const way of ways) {
      await using script = new ClientScript();
      const opener = openerOf(form, script.connection);
      const next = way(
        createClient(Test.talk, opener).echo({ firstMessageTimeoutMs: 60_000, recvTimeoutMs: 5 }),
      );
      const first = next();
      await script.peer.send({ type: FrameType.Header }, { type: FrameType.Data, payload: bytes("one") });
      await first;
      assertEquals(
        await timeoutOf(next()),
        "stream Recv timeout, timeout config={Timeout:5ms DisableCancelRemote:false}",
        form.name,
      );
    }
  }
});

Deno.test("without recvTimeoutMs the messages behind the first may take for ever", async () => {
  await using script = new ClientScript();
  const stream = script.open({ firstMessageTimeoutMs: 5 });
  const reader = stream.readable.getReader();
  await script.peer.send({ type: FrameType.Header }, { type: FrameType.Data, payload: bytes("one") });
  await reader.read();
  const second = reader.read();
  // Another stream's time-out of twice as long comes first, if there is none here.
  await rejection(script.open({ timeoutMs: 10 }).closed);
  await script.peer.send({ type: FrameType.Data, payload: bytes("two") });
  assertEquals((await second).done, false);
});

Deno.test("a Header alone is no message, and what only looks does not count as reading", async () => {
  await using script = new ClientScript();
  const stream = script.open({ firstMessageTimeoutMs: 5, recvTimeoutMs: 60_000 });
  void stream.readable;
  await script.peer.send({ type: FrameType.Header });
  await stream.header;
  await timeoutOf(stream.readable.getReader().read());
});

Deno.test("a first message that is there already is read, however late", async () => {
  await using script = new ClientScript();
  const stream = script.open({ firstMessageTimeoutMs: 1 });
  await script.peer.send({ type: FrameType.Header }, { type: FrameType.Data, payload: bytes("one") });
  await rejection(script.open({ timeoutMs: 10 }).closed);
  assertEquals((await stream.readable.getReader().read()).done, false);
});

Deno.test("firstMessageTimeoutMs may keep the remote working", async () => {
  await using script = new ClientScript();
  const stream = script.open({ firstMessageTimeoutMs: 5, cancelRemoteOnRecvTimeout: false });
  assertEquals(
    await timeoutOf(stream.readable.getReader().read()),
    "stream Recv timeout, timeout config={Timeout:5ms DisableCancelRemote:true}",
  );
  await stream.send(bytes("still there"));
  await script.peer.send({ type: FrameType.Trailer });
  await stream.closed;
});

Deno.test("firstMessageTimeoutMs must be a positive number", async () => {
  await using script = new ClientScript();
  for (const wrong of [0, -1, NaN, Infinity]) {
    assertThrows(
      () => script.open({ firstMessageTimeoutMs: wrong }),
      RangeError,
      "firstMessageTimeoutMs must be",
    );
  }
});
