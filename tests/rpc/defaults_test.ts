/** Options of a client: what a call gives itself wins, of metadata and metainfo each key by itself. */
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { type CallOptions, createClient, type StreamOpener } from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { Test } from "../support/calls.ts";
import { countingSignal } from "../support/listeners.ts";
import { rejectionText } from "../support/rejection.ts";
import { ClientScript } from "../support/script.ts";

/** The options with which a client opens its streams. */
function optionsOf(defaults: CallOptions | undefined, options?: CallOptions): CallOptions | undefined {
  let given: CallOptions | undefined;
  const opener: StreamOpener = {
    openStream(_, options) {
      given = options;
      throw new Error("seen");
    },
  };
  assertThrows(() => createClient(Test.talk, opener, defaults).echo(options), Error, "seen");
  return given;
}

Deno.test("a call without options has its client's", () => {
  const { signal } = new AbortController();
  const defaults: CallOptions = {
    signal,
    timeoutMs: 1,
    recvTimeoutMs: 2,
    firstMessageTimeoutMs: 3,
    cancelRemoteOnRecvTimeout: false,
    metadata: { a: "1" },
    metainfo: { persistent: { p: "1" } },
  };
  assertEquals(optionsOf(defaults), defaults);
  assertEquals(optionsOf(defaults, {}), defaults);
});

Deno.test("what a call gives wins, and undefined is nothing that it gives", () => {
  const mine = new AbortController().signal;
  const defaults: CallOptions = { signal: new AbortController().signal, timeoutMs: 1, recvTimeoutMs: 2 };
  assertEquals(optionsOf(defaults, { signal: mine, timeoutMs: 5, recvTimeoutMs: undefined }), {
    signal: mine,
    timeoutMs: 5,
    recvTimeoutMs: 2,
  });
  assertEquals(optionsOf({ cancelRemoteOnRecvTimeout: true }, { cancelRemoteOnRecvTimeout: false }), {
    cancelRemoteOnRecvTimeout: false,
  });
});

Deno.test("without defaults the opener gets the call's options as they are", () => {
  const options = Object.create({ timeoutMs: 5 });
  assertEquals(optionsOf(undefined, options) === options, true);
  assertEquals(optionsOf(undefined), undefined);
});

Deno.test("neither the defaults nor a call's options are changed", () => {
  const defaults: CallOptions = Object.freeze({
    metadata: Object.freeze({ a: "1" }),
    metainfo: Object.freeze({}),
  });
  const options: CallOptions = Object.freeze({
    metadata: new Map([["b", "2"]]),
    metainfo: { transient: { t: "1" } },
  });
  optionsOf(defaults, options);
  assertEquals(defaults.metadata, { a: "1" });
  assertEquals([...options.metadata instanceof Map ? options.metadata : []], [["b", "2"]]);
});

Deno.test("of metadata and metainfo each key by itself goes onto the wire, records and Maps", async () => {
  await using script = new ClientScript({});
  const defaults: CallOptions = {
    metadata: { both: "default", one: "default" },
    metainfo: { persistent: { P: "default", Q: "default" }, transient: new Map([["T", "default"]]) },
  };
  const client = createClient(Test.talk, script.connection, defaults);
  const calls = [
    client.echo({
      metadata: new Map([["both", "call"], ["two", "call"]]),
      metainfo: { persistent: { P: "call" }, transient: { U: "call" } },
    }),
    client.echo({ metainfo: { transient: { T: "call" } } }),
    client.echo(),
  ];
  const headers = [];
  for (const _ of calls) {
    const { metadata } = await script.peer.expect(FrameType.Header);
    headers.push(Object.fromEntries([...metadata].filter(([key]) => key !== "isn")));
  }
  assertEquals(headers, [
    {
      both: "call",
      one: "default",
      two: "call",
      RPC_PERSIST_P: "call",
      RPC_PERSIST_Q: "default",
      RPC_TRANSIT_T: "default",
      RPC_TRANSIT_U: "call",
    },
    {
      both: "default",
      one: "default",
      RPC_PERSIST_P: "default",
      RPC_PERSIST_Q: "default",
      RPC_TRANSIT_T: "call",
    },
    {
      both: "default",
      one: "default",
      RPC_PERSIST_P: "default",
      RPC_PERSIST_Q: "default",
      RPC_TRANSIT_T: "default",
    },
  ]);
});

Deno.test("defaults hold for calls of every kind: a signal, a time-out", async () => {
  const opens = [
    (...args: [StreamOpener, CallOptions]) => createClient(Test.talk, ...args).echo(),
    (...args: [StreamOpener, CallOptions]) => createClient(Test.list, ...args).echo("x"),
    (...args: [StreamOpener, CallOptions]) => createClient(Test.join, ...args).echo(),
  ];
  for (const open of opens) {
    await using script = new ClientScript();
    const { controller, listeners } = countingSignal();
    const call = open(script.connection, { signal: controller.signal });
    assertEquals(listeners(), 1);
    controller.abort("enough");
    assertStringIncludes(await rejectionText(call.closed), "enough");
  }
  await using script = new ClientScript();
  const listed = createClient(Test.list, script.connection, { timeoutMs: 5 }).echo("x");
  assertStringIncludes(await rejectionText(listed.closed), "timeout in ctx: 5ms");
  const longer = createClient(Test.list, script.connection, { timeoutMs: 5 }).echo("x", {
    timeoutMs: 60_000,
  });
  await rejectionText(createClient(Test.list, script.connection, { timeoutMs: 10 }).echo("x").closed);
  await script.peer.send({ type: FrameType.Trailer, streamId: 2 });
  await longer.closed;
});

Deno.test("defaults that are wrong are refused as a call's are", async () => {
  await using script = new ClientScript();
  const { connection } = script;
  const client = createClient(Test.talk, connection, { timeoutMs: -1 });
  assertThrows(() => client.echo(), RangeError, "timeoutMs must be a positive finite number");
});
