/** What a program without types may give: it is refused by name, and nothing has happened. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  BizStatusError,
  connect,
  connectOver,
  defineService,
  implement,
  route,
  serve,
  serveOver,
  type Service,
  TTStreamError,
} from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { show } from "../../src/base/format.ts";
import { text } from "../support/codecs.ts";
import { duplexPair } from "../support/pair.ts";
import { ClientScript, lineOf } from "../support/script.ts";
import { untyped } from "../support/untyped.ts";

interface Row {
  readonly name: string;
  readonly options: unknown;
  readonly type: typeof TypeError | typeof RangeError;
  readonly message: string;
}

const integers = (name: string): Row[] =>
  [0, -1, 1.5, NaN, Infinity, "5", null].map((value) => ({
    name: `${name} ${String(value)}`,
    options: { [name]: value },
    type: RangeError,
    message: `${name} must be a positive integer, got ${show(value)}`,
  }));

const milliseconds = (name: string): Row[] =>
  [0, -1, NaN, Infinity, "5", null].map((value) => ({
    name: `${name} ${String(value)}`,
    options: { [name]: value },
    type: RangeError,
    message: `${name} must be a positive finite number of milliseconds, got ${show(value)}`,
  }));

const signals = (name = "signal"): Row[] =>
  [null, "abort", new AbortController(), {}].map((value) => ({
    name: `${name} ${String(value)}`,
    options: { [name]: value },
    type: TypeError,
    message: `${name} must be an AbortSignal, got ${show(value)}`,
  }));

const names: Row[] = [
  {
    name: "serviceName 5",
    options: { serviceName: 5 },
    type: TypeError,
    message: "serviceName must be a string, got 5",
  },
  {
    name: "an empty serviceName",
    options: { serviceName: "" },
    type: TypeError,
    message: "serviceName must not be empty",
  },
];

const longName: Row = {
  name: "a serviceName of 65,536 bytes",
  options: { serviceName: "x".repeat(65_536) },
  type: RangeError,
  message: "serviceName has 65536 bytes, the limit is 65535 bytes",
};

const connection: Row[] = [...names, longName, ...integers("maxFrameBytes"), ...integers("maxBufferedBytes")];

const serving: Row[] = [
  ...names,
  ...signals(),
  ...["maxFrameBytes", "maxBufferedBytes", "maxStreams"].flatMap(integers),
  ...milliseconds("frameTimeoutMs"),
  {
    name: "onError null",
    options: { onError: null },
    type: TypeError,
    message: "onError must be a function, got null",
  },
];

const address: Row[] = [
  { name: "no address", options: {}, type: TypeError, message: "one of port, path must be given, got none" },
  {
    name: "two addresses",
    options: { port: 1, path: "/a" },
    type: TypeError,
    message: "one of port, path must be given, got port and path",
  },
  { name: "path 5", options: { path: 5 }, type: TypeError, message: "path must be a string, got 5" },
  { name: "an empty path", options: { path: "" }, type: TypeError, message: "path must not be empty" },
  {
    name: "hostname 5",
    options: { hostname: 5, port: 1 },
    type: TypeError,
    message: "hostname must be a string, got 5",
  },
  ...[0, -1, 65_536, 1.5, NaN, "80"].map((port) => ({
    name: `port ${port}`,
    options: { port },
    type: RangeError,
    message: `port must be an integer from 1 to 65535, got ${show(port)}`,
  })),
  {
    name: "tls with a cert alone",
    options: { port: 1, tls: { cert: "x" } },
    type: TypeError,
    message: "tls: cert and key go together",
  },
  {
    name: "tls with a key alone",
    options: { port: 1, tls: { key: "x" } },
    type: TypeError,
    message: "tls: cert and key go together",
  },
];

for (const { name, options, type, message } of [...connection, ...signals()]) {
  Deno.test(`connect refuses ${name}`, async () => {
    const error = await assertRejects(() => connect(untyped({ port: 1, ...Object(options) })), type);
    assertEquals(error.message, message);
  });
}

for (const { name, options, type, message } of address) {
  Deno.test(`connect refuses ${name}`, async () => {
    await assertRejects(() => connect(untyped(options)), type, message);
  });
}

for (const { name, options, type, message } of connection) {
  Deno.test(`connectOver refuses ${name} and leaves the duplex free`, () => {
    const [near] = duplexPair();
    assertEquals(assertThrows(() => connectOver(near, untyped(options)), type).message, message);
    assertEquals([near.readable.locked, near.writable.locked], [false, false]);
  });
}

for (const { name, options, type, message } of serving) {
  Deno.test(`serveOver refuses ${name} and leaves the duplex free`, () => {
    const [near] = duplexPair();
    assertEquals(assertThrows(() => serveOver(near, () => {}, untyped(options)), type).message, message);
    assertEquals([near.readable.locked, near.writable.locked], [false, false]);
  });

  Deno.test(`serve refuses ${name}`, () => {
    const all = untyped<{ port: number }>({ port: 0, ...Object(options) });
    assertEquals(assertThrows(() => serve(all, () => {}), type).message, message);
  });
}

const places: Row[] = [
  {
    name: "no address",
    options: {},
    type: TypeError,
    message: "one of port, path, listener must be given, got none",
  },
  {
    name: "two addresses",
    options: { port: 0, path: "/a" },
    type: TypeError,
    message: "one of port, path, listener must be given, got port and path",
  },
  { name: "path 5", options: { path: 5 }, type: TypeError, message: "path must be a string, got 5" },
  { name: "an empty path", options: { path: "" }, type: TypeError, message: "path must not be empty" },
  {
    name: "a listener that is none",
    options: { listener: {} },
    type: TypeError,
    message: "listener has no method accept",
  },
  ...[-1, 65_536, 1.5, NaN, "80"].map((port) => ({
    name: `port ${port}`,
    options: { port },
    type: RangeError,
    message: `port must be an integer from 0 to 65535, got ${show(port)}`,
  })),
  {
    name: "a cert alone",
    options: { port: 0, cert: "x" },
    type: TypeError,
    message: "cert and key go together: one of them is missing",
  },
  {
    name: "a key alone",
    options: { port: 0, key: "x" },
    type: TypeError,
    message: "cert and key go together: one of them is missing",
  },
  {
    name: "onListen true",
    options: { port: 0, onListen: true },
    type: TypeError,
    message: "onListen must be a function, got true",
  },
];

for (const { name, options, type, message } of places) {
  Deno.test(`serve refuses ${name}`, () => {
    assertEquals(
      assertThrows(() => serve(untyped<{ port: number }>(options), () => {}), type).message,
      message,
    );
  });
}

for (const handler of [undefined, null, {}, "echo"]) {
  Deno.test(`serve and serveOver refuse ${String(handler)} as the handler`, () => {
    const message = `handler must be a function, got ${show(handler)}`;
    assertThrows(() => serve({ port: 0 }, untyped(handler)), TypeError, message);
    assertThrows(() => serveOver(duplexPair()[0], untyped(handler)), TypeError, message);
  });
}

for (const graceMs of [-1, NaN, Infinity, "5", null]) {
  Deno.test(`shutdown refuses graceMs ${String(graceMs)} and serves on`, async () => {
    await using server = serve({ port: 0, hostname: "127.0.0.1" }, () => {});
    const error = await assertRejects(() => server.shutdown(untyped({ graceMs })), RangeError);
    assertEquals(
      error.message,
      `graceMs must be a finite number of milliseconds, 0 or more, got ${show(graceMs)}`,
    );
    await using connection = await connect({ port: server.addr.port });
    assertEquals(await connection.openStream({ service: "Test", method: "Echo" }).header, new Map());
  });
}

const calls: Row[] = [
  ...signals(),
  ...signals().map((row) => ({
    ...row,
    name: `parent.${row.name}`,
    options: { parent: { ...Object(row.options), metainfo: {} } },
    message: `parent.${row.message}`,
  })),
  {
    name: "a parent without a signal",
    options: { parent: {} },
    type: TypeError,
    message: "parent.signal must be an AbortSignal, got undefined",
  },
  ...milliseconds("timeoutMs"),
  ...milliseconds("recvTimeoutMs"),
  {
    name: "cancelRemoteOnRecvTimeout 0",
    options: { cancelRemoteOnRecvTimeout: 0 },
    type: TypeError,
    message: "cancelRemoteOnRecvTimeout must be a boolean, got 0",
  },
  {
    name: "metadata that is text",
    options: { metadata: "a" },
    type: TypeError,
    message: 'metadata must be a Map or a record of strings, got "a"',
  },
  {
    name: "metadata of numbers",
    options: { metadata: { a: 1 } },
    type: TypeError,
    message: 'metadata: the value of "a" is not a string but number',
  },
  {
    name: "metadata with isn",
    options: { metadata: { isn: "Other" } },
    type: TypeError,
    message: "metadata: the key \"isn\" is the service's name; set it by opening the service's stream",
  },
  {
    name: "metainfo of numbers",
    options: { metainfo: { persistent: { a: 1 } } },
    type: TypeError,
    message: 'metainfo.persistent: the value of "a" is not a string but number',
  },
  {
    name: "metadata too long",
    options: { metadata: { a: "x".repeat(65_536) } },
    type: RangeError,
    message: "a: 65536 bytes exceed the limit of 65535 bytes",
  },
  {
    name: "metadata that is too long together",
    options: { metadata: Object.fromEntries(["a", "b", "c", "d"].map((key) => [key, "x".repeat(65_535)])) },
    type: RangeError,
    message: "header block of 262192 bytes exceeds the limit of 262140 bytes",
  },
];

for (const { name, options, type, message } of calls) {
  Deno.test(`openStream refuses ${name} and sends nothing; the connection goes on`, async () => {
    await using script = new ClientScript();
    assertEquals(assertThrows(() => script.open(untyped(options)), type).message, message);
    // The id has not been used up either.
    const stream = script.open();
    assertEquals(lineOf(await script.peer.expect(FrameType.Header)), "Header {isn: Test}");
    await script.peer.send({ type: FrameType.Trailer });
    assertEquals(await Array.fromAsync(stream.readable), []);
    assertEquals(await script.left(), ["Trailer"]);
  });
}

const targets: { target: unknown; message: string }[] = [
  { target: {}, message: "service must be a string, got undefined" },
  { target: { service: "", method: "m" }, message: "service must not be empty" },
  { target: { service: "s" }, message: "method must be a string, got undefined" },
  { target: { service: "s", method: 5 }, message: "method must be a string, got 5" },
];

for (const { target, message } of targets) {
  Deno.test(`openStream refuses the target ${JSON.stringify(target)}`, async () => {
    await using script = new ClientScript();
    assertThrows(() => script.connection.openStream(untyped(target)), TypeError, message);
    assertEquals(await script.left(), []);
  });
}

const good = { kind: "server", request: text, response: text } as const;
const definitions: { name: string; service: unknown; methods: unknown; message: string }[] = [
  { name: "a name that is none", service: 5, methods: {}, message: "service name must be a string, got 5" },
  { name: "an empty name", service: "", methods: {}, message: "service name must not be empty" },
  {
    name: "an empty method name",
    service: "S",
    methods: { "": good },
    message: "S.: name must not be empty",
  },
  {
    name: "a wire name that is none",
    service: "S",
    methods: { m: { ...good, name: 5 } },
    message: "S.m: name must be a string, got 5",
  },
  {
    name: "a kind that there is not",
    service: "S",
    methods: { m: { ...good, kind: "duplex" } },
    message: 'S.m: kind must be one of unary, client, server, bidirectional, got "duplex"',
  },
  {
    name: "no request codec",
    service: "S",
    methods: { m: { ...good, request: undefined } },
    message: "S.m: request must be a codec with encode and decode",
  },
  {
    name: "half a response codec",
    service: "S",
    methods: { m: { ...good, response: { encode: text.encode } } },
    message: "S.m: response must be a codec with encode and decode",
  },
  {
    name: "two methods of one wire name",
    service: "S",
    methods: { a: good, b: { ...good, name: "a" } },
    message: 'S.b: a second method named "a"',
  },
];

for (const { name, service, methods, message } of definitions) {
  Deno.test(`defineService refuses ${name}`, () => {
    const error = assertThrows(
      () =>
        defineService(untyped(service), untyped<Service<Record<string, typeof good>>["methods"]>(methods)),
      TypeError,
    );
    assertEquals(error.message, message);
  });
}

const Test = defineService("Test", { ask: good });

const implementations: readonly (readonly [unknown, string])[] = [
  [{}, "Test: no method is implemented, of ask"],
  [{ Ask: () => {} }, "Test: no method is implemented, of ask"],
  [{ ask: 5 }, "Test.ask must be a function, got 5"],
];

for (const [implementation, message] of implementations) {
  Deno.test(`implement refuses ${Deno.inspect(implementation)} for want of a method`, () => {
    assertThrows(() => implement(Test, untyped(implementation)), TypeError, message);
  });
}

Deno.test("route refuses two handlers of one service, and two without services", () => {
  const handler = implement(Test, { ask: () => {} });
  assertThrows(() => route(handler, handler), TypeError, 'two handlers for the service "Test"');
  assertThrows(() => route(() => {}, () => {}), TypeError, "two handlers without services");
});

for (const handler of [undefined, 5, {}]) {
  Deno.test(`route refuses ${String(handler)} as a handler`, () => {
    assertThrows(
      () => route(untyped(handler)),
      TypeError,
      `handler must be a function, got ${show(handler)}`,
    );
  });
}

Deno.test("BizStatusError refuses what is no int32, no text, or no record of texts", () => {
  assertThrows(
    () => new BizStatusError(untyped("404"), "m"),
    RangeError,
    'statusCode must be an int32 other than 0, got "404"',
  );
  assertThrows(() => new BizStatusError(1, untyped(5)), TypeError, "statusMessage must be a string, got 5");
  assertThrows(
    () => new BizStatusError(1, "m", untyped({ a: 1 })),
    TypeError,
    'extra: the value of "a" is not a string but number',
  );
  assertThrows(
    () => new BizStatusError(1, "m", untyped("a")),
    TypeError,
    'extra must be a record of strings, got "a"',
  );
});

for (const code of [undefined, "12007", 1.5, 2 ** 31]) {
  Deno.test(`TTStreamError cannot have the code ${Deno.inspect(code)}: the wire has no place for it`, () => {
    assertThrows(() => new TTStreamError(untyped(code), "text"), RangeError, "code must be an int32, got ");
  });
}

Deno.test("TTStreamError cannot have a description that is no string", () => {
  assertThrows(() => new TTStreamError(12007, untyped(5)), TypeError, "description must be a string, got 5");
});
