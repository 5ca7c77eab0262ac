/** Metadata and metainfo, in both directions, and time-outs as they travel. */
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import type { Handler, Metadata } from "../../mod.ts";
import { grpc } from "../../src/grpc/mod.ts";
import { formatTimeout, parseTimeout } from "../../src/grpc/timeout.ts";
import type { HeaderField } from "../../src/http2/hpack/field.ts";
import { Setting } from "../../src/http2/settings.ts";
import { headers } from "../http2/wire.ts";
import { bytes } from "../support/codecs.ts";
import { aborted } from "../support/events.ts";
import { grpcErrorOf } from "../support/failures.ts";
import { messageOf, rejection } from "../support/rejection.ts";
import { untyped } from "../support/untyped.ts";
import { ANSWER, halfClose, lastHeaders, OK } from "./http2_peer.ts";
import { PAIRS } from "./pairs.ts";
import { ClientScript, request, ServerScript } from "./scripts.ts";

const TARGET = { service: "Test", method: "Echo" };
/** What a request has that the user has not set. */
const OWN = ["content-type", "user-agent", "grpc-accept-encoding", "source-service"];

function setByUser(metadata: Metadata): Record<string, string> {
  return Object.fromEntries([...metadata].filter(([key]) => !OWN.includes(key)));
}

Deno.test("metadata goes out in lower case, and comes as it went, both ways", async () => {
  const open = PAIRS["memory"];
  assert(open);
  const seen = Promise.withResolvers<Metadata>();
  await using pair = await open((stream) => {
    seen.resolve(stream.metadata);
    stream.header.set("X-Model", "a, b;  c~");
    stream.header.set("raw-bin", "AAECAw==");
    stream.trailer.set("Cost.Of_It-1", "");
  });
  const stream = pair.connection.openStream(TARGET, {
    metadata: { "X-Mixed-Case": "Kept As It Is", "a.b_c-1": "!\"#$%&'()", "key-bin": "/+8=", "empty": "" },
  });
  await stream.writable.close();
  assertEquals(await Array.fromAsync(stream.readable), []);
  assertEquals(setByUser(await seen.promise), {
    "x-mixed-case": "Kept As It Is",
    "a.b_c-1": "!\"#$%&'()",
    "key-bin": "/+8=",
    "empty": "",
  });
  assertEquals(setByUser(await stream.header), { "x-model": "a, b;  c~", "raw-bin": "AAECAw==" });
  assertEquals(setByUser(await stream.trailer), { "cost.of_it-1": "" });
});

Deno.test("several values of a key are joined by commas, in header and trailer and at the server", async () => {
  const several: HeaderField[] = [["k", "1"], ["other", "x"], ["k", "2"], ["k", ""], ["d-bin", "AA"], [
    "d-bin",
    "AQ==",
  ]];
  const joined = { k: "1, 2, ", other: "x", "d-bin": "AA, AQ==" };
  await using client = new ClientScript();
  const stream = client.open();
  await client.peer.send(headers(1, [...ANSWER, ...several]), lastHeaders(1, [...OK, ...several]));
  assertEquals(setByUser(await stream.header), joined);
  assertEquals(setByUser(await stream.trailer), joined);
  await using server = new ServerScript();
  await server.peer.send(headers(1, [...request(), ...several]));
  assertEquals(setByUser((await server.handled()).metadata), { ...joined });
});

for (
  const [metadata, text] of [
    [{ "grpc-timeout": "1S" }, 'metadata: the key "grpc-timeout" is the protocol\'s own'],
    [{ "Grpc-Foo": "x" }, 'metadata: the key "Grpc-Foo" is the protocol\'s own'],
    [{ "Content-Type": "x" }, 'metadata: the key "Content-Type" is the protocol\'s own'],
    [{ te: "x" }, 'metadata: the key "te" is the protocol\'s own'],
    [{ "user-agent": "x" }, 'metadata: the key "user-agent" is the protocol\'s own'],
    [{ connection: "x" }, 'metadata: the key "connection" is the protocol\'s own'],
    [
      { ":path": "x" },
      'metadata: gRPC cannot send the key ":path": letters, digits, "_", "-" and "." make one',
    ],
    [{ "a b": "x" }, 'metadata: gRPC cannot send the key "a b": letters, digits, "_", "-" and "." make one'],
    [{ "": "x" }, 'metadata: gRPC cannot send the key "": letters, digits, "_", "-" and "." make one'],
    [{ "ü": "x" }, 'metadata: gRPC cannot send the key "ü": letters, digits, "_", "-" and "." make one'],
    [{ a: " x" }, 'metadata: gRPC cannot send the value of "a": it begins or ends with a space'],
    [
      { a: "x\n" },
      'metadata: gRPC cannot send the value of "a": only printable ASCII travels, bytes do as base64 under a key with "-bin"',
    ],
    [
      { a: "ü" },
      'metadata: gRPC cannot send the value of "a": only printable ASCII travels, bytes do as base64 under a key with "-bin"',
    ],
    [{ "a-bin": "%" }, 'metadata: the value of "a-bin" is no base64'],
  ] as const
) {
  Deno.test(`${JSON.stringify(metadata)} cannot be sent: ${text}`, async () => {
    await using client = new ClientScript();
    assertThrows(() => client.open({ metadata }), TypeError, text);
    await using server = new ServerScript();
    const stream = await server.opened();
    const [key = "", value = ""] = Object.entries(metadata)[0] ?? [];
    assertThrows(() => stream.header.set(key, value), TypeError, text.replace("metadata", "header"));
    assertThrows(() => stream.trailer.set(key, value), TypeError, text.replace("metadata", "trailer"));
    // Nothing has left, and both go on.
    const next = client.open();
    await client.peer.send(lastHeaders(1, [...ANSWER, ...OK]));
    await next.closed;
    server.finish();
    assertEquals(
      await server.peer.line(),
      "HEADERS 1 :status=200 content-type=application/grpc grpc-status=0 end",
    );
  });
}

Deno.test("metadata that is no metadata is refused", async () => {
  await using client = new ClientScript();
  assertThrows(
    () => client.open({ metadata: untyped({ a: 1 }) }),
    TypeError,
    'metadata: the value of "a" is not a string but number',
  );
  assertThrows(
    () => client.open({ metadata: untyped("x") }),
    TypeError,
    'metadata must be a Map or a record of strings, got "x"',
  );
});

Deno.test("client: a header beyond the server's limit throws, and sends nothing", async () => {
  await using script = new ClientScript({}, { settings: [[Setting.MAX_HEADER_LIST_SIZE, 1000]] });
  // The server's SETTINGS come with its first frames.
  const first = script.open();
  await script.peer.headers();
  await script.peer.send(lastHeaders(1, [...ANSWER, ...OK]));
  await first.closed;
  assertThrows(
    () => script.open({ metadata: { a: "x".repeat(1000) } }),
    RangeError,
    "exceeds the server's limit of 1000 bytes",
  );
  assertEquals(await script.peer.line(), "RST_STREAM 1 NO_ERROR");
  const next = script.open({ metadata: { a: "x" } });
  await script.peer.headers();
  await script.peer.send(lastHeaders(3, [...ANSWER, ...OK]));
  await next.closed;
});

Deno.test("client: an answer's header or trailer beyond its limit ends the stream alone", async () => {
  for (const trailers of [false, true]) {
    await using script = new ClientScript({}, { maxHeaderListBytes: 1000 });
    const [stream, neighbour] = [script.open(), script.open()];
    await script.peer.headers();
    await script.peer.headers();
    const long: HeaderField[] = [["a", "x".repeat(2000)]];
    const answer = trailers
      ? [headers(1, ANSWER), lastHeaders(1, [...OK, ...long])]
      : [headers(1, [...ANSWER, ...long])];
    await script.peer.send(...answer, lastHeaders(3, [...ANSWER, ...OK]));
    const error = await grpcErrorOf(stream.closed);
    assertEquals(error.code, 13);
    assert(error.description.includes("a header list of more than 1000 bytes"), error.description);
    await neighbour.closed;
  }
});

Deno.test("server: a request beyond its limit is reset, and its neighbour is served", async () => {
  await using script = new ServerScript(undefined, {}, { maxHeaderListBytes: 1000 });
  await script.call(1, ["a", "x".repeat(2000)]);
  await script.call(3);
  await script.handled();
  assertEquals(await script.peer.line(), "RST_STREAM 1 ENHANCE_YOUR_CALM");
});

const LIMITED = { settings: [[Setting.MAX_HEADER_LIST_SIZE, 1000]] } as const;
const LONG = "x".repeat(2000);

Deno.test("server: a header beyond the client's limit throws where it is sent, and the handler may say something else", async () => {
  const thrown = Promise.withResolvers<unknown>();
  await using script = new ServerScript(
    async (stream) => {
      stream.header.set("a", LONG);
      thrown.resolve(await rejection(Promise.try(() => stream.sendHeader())));
      throw new Error("so be it");
    },
    {},
    LIMITED,
  );
  await script.peer.send(headers(1, request()), halfClose(1));
  const error = await thrown.promise;
  assertInstanceOf(error, RangeError);
  assert(
    /^the header of \d+ bytes exceeds the client's limit of 1000 bytes$/.test(error.message),
    error.message,
  );
  const answer = await script.peer.headers();
  assertEquals([answer.get(":status"), answer.get("grpc-status"), answer.get("grpc-message")], [
    "200",
    "13",
    "so be it [biz error]",
  ]);
});

for (
  const [what, handler, text] of [
    [
      "a trailer",
      (stream) => void stream.trailer.set("a", LONG),
      /^the trailer of \d+ bytes exceeds the client's limit of 1000 bytes \[biz error\]$/,
    ],
    [
      "a header that goes with the end",
      (stream) => void stream.header.set("a", LONG),
      /^the header of \d+ bytes exceeds the client's limit of 1000 bytes \[biz error\]$/,
    ],
    [
      "a header that goes with the first message",
      async (stream) => {
        stream.header.set("a", LONG);
        await stream.send(bytes("x"));
      },
      /^the header of \d+ bytes exceeds the client's limit of 1000 bytes \[biz error\]$/,
    ],
    ["the text of its failure", () => Promise.reject(new Error(LONG)), /^x{700,}$/],
    [
      "the text and the trailer",
      (stream) => {
        stream.trailer.set("a", LONG);
        throw new Error(LONG);
      },
      /^x{700,}$/,
    ],
  ] as const satisfies readonly (readonly [string, Handler, RegExp])[]
) {
  Deno.test(`server: where ${what} is beyond the client's limit the stream still ends, and onError hears of it`, async () => {
    await using script = new ServerScript(handler, {}, LIMITED);
    await script.peer.send(headers(1, request()), halfClose(1));
    const answer = await script.peer.headers();
    assertEquals([answer.get(":status"), answer.get("grpc-status")], ["200", "13"]);
    assert(text.test(answer.get("grpc-message") ?? ""), answer.get("grpc-message"));
    assertEquals(script.errors.length, 1);
    await script.call(3);
    assertEquals((await script.peer.headers()).get("grpc-status"), "13");
  });
}

Deno.test("server: a time-out ends a stream whose header and trailer the client would not take", async () => {
  await using script = new ServerScript(
    async (stream) => {
      stream.header.set("a", LONG);
      stream.trailer.set("a", LONG);
      await aborted(stream.signal);
    },
    { handlerTimeoutMs: 5 },
    LIMITED,
  );
  await script.call(1);
  const answer = await script.peer.headers();
  assertEquals([answer.get("grpc-status"), answer.get("a")], ["4", undefined]);
});

Deno.test("metainfo goes both ways of a chain: upper case, persistent further than transient", async () => {
  const open = PAIRS["memory"];
  assert(open);
  const seen: Promise<unknown>[] = [];
  const asObject = ({ persistent, transient }: { persistent: Metadata; transient: Metadata }) => ({
    persistent: Object.fromEntries(persistent),
    transient: Object.fromEntries(transient),
  });
  const last = Promise.withResolvers<unknown>();
  await using third = await open((stream) => last.resolve(asObject(stream.metainfo)));
  const middle = Promise.withResolvers<unknown>();
  await using second = await open(async (stream) => {
    middle.resolve(asObject(stream.metainfo));
    const next = third.connection.openStream(TARGET, {
      parent: stream,
      metainfo: { transient: { MINE: "2" } },
    });
    await next.writable.close();
    await next.closed;
  });
  const stream = second.connection.openStream(TARGET, {
    metainfo: { persistent: { P_MIXED_Case: "v", NAME: "Zoë 名" }, transient: { "T-1": "w" } },
    metadata: { "rpc-persist-p-mixed-case": "loses", "rpc-persist-raw": "raw" },
  });
  await stream.writable.close();
  await stream.closed;
  assertEquals(await middle.promise, {
    persistent: { P_MIXED_CASE: "v", NAME: "Zoë 名", RAW: "raw" },
    transient: { T_1: "w" },
  });
  assertEquals(await last.promise, {
    persistent: { P_MIXED_CASE: "v", NAME: "Zoë 名", RAW: "raw" },
    transient: { T_1: "w", MINE: "2" },
  });
  assertEquals(seen, []);
});

Deno.test("grpc-timeout has the finest unit that eight digits hold, and is read as it is written", () => {
  const rows = [
    [0, "0n"],
    [-5, "0n"],
    [1e-6, "1n"],
    [0.5, "500000n"],
    [99, "99000000n"],
    [99.999999, "99999999n"],
    [100, "100000u"],
    [1500, "1500000u"],
    [99_999.999, "99999999u"],
    [100_000, "100000m"],
    [99_999_999, "99999999m"],
    [100_000_000, "100000S"],
    [1e15, "99999999H"],
    [Number.MAX_VALUE, "99999999H"],
  ] as const;
  for (const [ms, text] of rows) {
    assertEquals(formatTimeout(ms), text);
    const read = parseTimeout(text);
    assert(read !== undefined && (ms >= 1e15 || read >= ms - 1e-9));
  }
  for (
    const [text, ms] of [["1H", 3_600_000], ["2M", 120_000], ["3S", 3_000], ["4m", 4], ["5u", 0.005], [
      "00000007S",
      7_000,
    ]] as const
  ) {
    assertEquals(parseTimeout(text), ms);
  }
  for (const text of ["", "1", "S", "1s", "123456789S", "-1S", "1.5S", " 1S", "1S ", "1 S", "0x1S", "1SS"]) {
    assertEquals(parseTimeout(text), undefined, text);
  }
});

Deno.test("server: a grpc-timeout that is none is answered with code 13, in words", async () => {
  await using script = new ServerScript();
  await script.call(1, ["grpc-timeout", "1s"]);
  assertEquals(
    await script.peer.line(),
    'HEADERS 1 :status=200 content-type=application/grpc grpc-status=13 grpc-message=malformed grpc-timeout: "1s" end',
  );
});

Deno.test("server: its own clock ends the stream with code 4, and a time-out of years is no trouble", async () => {
  const reasons: Promise<unknown>[] = [];
  await using script = new ServerScript(async ({ signal, deadline }) => {
    assert(deadline !== undefined);
    const reason = aborted(signal);
    reasons.push(reason);
    await reason;
    throw signal.reason;
  });
  await script.call(1, ["grpc-timeout", "99999999H"]);
  await script.call(3, ["grpc-timeout", "10m"]);
  await script.call(5, ["grpc-timeout", "0n"]);
  const ids: string[] = [];
  for (let i = 0; i < 4; i++) ids.push(await script.peer.line());
  const end = "grpc-status=4 grpc-message=context deadline exceeded end";
  for (const id of [3, 5]) {
    assert(ids.includes(`HEADERS ${id} :status=200 content-type=application/grpc ${end}`), ids.join("\n"));
    assert(ids.includes(`RST_STREAM ${id} NO_ERROR`));
  }
  assertEquals(script.errors, []);
});

Deno.test("a deadline goes on through a chain, and what is left of it is less", async () => {
  const open = PAIRS["TCP"];
  assert(open);
  const left: number[] = [];
  const texts: string[] = [];
  const note: Handler = ({ deadline }) => void left.push((deadline ?? Infinity) - Date.now());
  await using third = await open(async (stream) => {
    await note(stream);
    texts.push(messageOf(await aborted(stream.signal)));
  });
  await using second = await open(async (stream) => {
    await note(stream);
    const next = third.connection.openStream(TARGET, { parent: stream });
    texts.push(messageOf(await rejection(Array.fromAsync(next))));
  });
  const stream = second.connection.openStream(TARGET, { timeoutMs: 60 });
  const error = await grpcErrorOf(Array.fromAsync(stream));
  assertEquals(error.message, "rpc error: code = 4 desc = context deadline exceeded");
  await third.shutdown(1000);
  assertEquals(left.length, 2);
  assert(left.every((ms) => ms > 0 && ms <= 61), String(left));
  assertEquals(texts.length, 2);
  // Each hears of its own clock, or of the cancel, whichever is first.
  for (const text of texts) {
    assert(/code = 4 desc = context deadline exceeded|error code: CANCEL \[triggered by /.test(text), text);
  }
});

Deno.test("the sooner of timeoutMs and the parent's deadline travels", async () => {
  await using script = new ClientScript();
  const parent = {
    signal: new AbortController().signal,
    metainfo: { persistent: new Map(), transient: new Map() },
    deadline: Date.now() + 3_000,
  };
  for (
    const [timeoutMs, most, least] of [[undefined, 3_000, 2_000], [1_000, 1_000, 500], [
      60_000,
      3_000,
      2_000,
    ]] as const
  ) {
    const stream = script.open({ parent, timeoutMs });
    const ms = parseTimeout((await script.peer.headers()).get("grpc-timeout") ?? "") ?? 0;
    assert(ms <= most && ms >= least, `${timeoutMs}: ${ms}`);
    await stream.cancel();
    await script.peer.line();
  }
});

Deno.test("names beyond ASCII travel as UTF-8: the caller's, the service's and the method's", async () => {
  const open = PAIRS["memory"];
  assert(open);
  const seen = Promise.withResolvers<string>();
  await using pair = await open(async (stream) => {
    stream.sendHeader();
    await aborted(stream.signal);
    seen.resolve(`${stream.service}/${stream.method}: ${messageOf(stream.signal.reason)}`);
  }, { client: { serviceName: "服务", protocol: grpc() } });
  const stream = pair.connection.openStream({ service: "grüße.Dienst", method: "回声" });
  await stream.header;
  await stream.cancel();
  assertEquals(
    await seen.promise,
    "grüße.Dienst/回声: rpc error: code = 1 desc = transport: RSTStream Frame received with error code: CANCEL " +
      "[triggered by 服务]",
  );
  // As Kitex sends them: its own service's name is a string of Go.
  await using script = new ClientScript({ serviceName: "é", protocol: grpc() });
  const call = script.open();
  assertEquals((await script.peer.headers()).get("source-service"), "\u00c3\u00a9");
  await call.cancel();
});

Deno.test("source-service given with a call is said instead of serviceName, not beside it", async () => {
  await using script = new ClientScript({ serviceName: "A", protocol: grpc() });
  const call = script.open({ metadata: { "source-service": "B" } });
  const frame = await script.peer.next();
  const fields = frame?.type === "HEADERS" ? frame.fields : [];
  assertEquals(fields.filter(([name]) => name === "source-service"), [["source-service", "B"]]);
  await call.cancel();
});

Deno.test("`authority` is what a proxy routes by, whatever the address is; without it the address is", async () => {
  for (
    const [authority, sent] of [["models.internal:443", "models.internal:443"], [undefined, "localhost"]]
  ) {
    await using script = new ClientScript(undefined, { authority });
    const stream = script.open();
    assertEquals((await script.peer.headers()).get(":authority"), sent);
    await stream.cancel();
  }
});

Deno.test("grpc() checks its options", () => {
  for (
    const authority of ["", "a b", "a/b", "user@host", "host?", "host#", "höst", "a\n", untyped<string>(5)]
  ) {
    assertThrows(
      () => grpc({ authority }),
      TypeError,
      "authority must be a host, and a port where it needs one",
    );
  }
  for (const options of [null, 1, [], "gzip"]) {
    assertThrows(() => grpc(untyped(options)), TypeError, "grpc's options must be an object, got");
  }
  assertThrows(() => grpc({ initialWindowBytes: 0 }), RangeError, "initialWindowBytes");
  assertThrows(
    () => grpc({ connectionWindowBytes: 65_534 }),
    RangeError,
    "connectionWindowBytes must be from 65535",
  );
  assertThrows(() => grpc({ maxHeaderListBytes: 2 ** 31 }), RangeError, "maxHeaderListBytes");
  assertThrows(() => grpc({ keepaliveMs: -1 }), RangeError, "keepaliveMs");
  assertThrows(
    () => grpc({ compression: untyped("br") }),
    TypeError,
    'compression must be "identity" or "gzip", got "br"',
  );
});
