import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  type CallOptions,
  connectOver,
  type Metadata,
  type MetainfoInit,
  serveOver,
  type ServerStream,
} from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { duplexPair } from "../support/pair.ts";
import { WirePeer } from "../support/wire_peer.ts";

const TARGET = { service: "TestService", method: "EchoBidi" };

/** The stream as a handler sees it that was opened with `options`. */
async function received(options: CallOptions): Promise<Pick<ServerStream, "metadata" | "metainfo">> {
  const [clientEnd, serverEnd] = duplexPair();
  const seen = Promise.withResolvers<ServerStream>();
  const serving = serveOver(serverEnd, (stream) => seen.resolve(stream));
  const connection = connectOver(clientEnd);
  connection.openStream(TARGET, options);
  const { metadata, metainfo } = await seen.promise;
  await connection.close();
  await serving.finished;
  return { metadata, metainfo };
}

/** A parent as a handler's stream is one. */
function parent(metainfo: { persistent?: Record<string, string>; transient?: Record<string, string> }) {
  const map = (record: Record<string, string> = {}): Metadata => new Map(Object.entries(record));
  return {
    signal: new AbortController().signal,
    metainfo: { persistent: map(metainfo.persistent), transient: map(metainfo.transient) },
  };
}

function asRecords({ persistent, transient }: { persistent: Metadata; transient: Metadata }): MetainfoInit {
  return { persistent: Object.fromEntries(persistent), transient: Object.fromEntries(transient) };
}

Deno.test("metadata and metainfo reach the handler, keys in the case they were given", async () => {
  const { metadata, metainfo } = await received({
    metadata: { "X-Request-Id": "r1", "x-request-id": "r2" },
    metainfo: { persistent: { pkey: "pval", P_Mixed_Case: "v2" }, transient: new Map([["tkey", "tval"]]) },
  });
  assertEquals(Object.fromEntries(metadata), {
    "X-Request-Id": "r1",
    "x-request-id": "r2",
    RPC_PERSIST_pkey: "pval",
    RPC_PERSIST_P_Mixed_Case: "v2",
    RPC_TRANSIT_tkey: "tval",
    isn: "TestService",
  });
  assertEquals(asRecords(metainfo), {
    persistent: { pkey: "pval", P_Mixed_Case: "v2" },
    transient: { tkey: "tval" },
  });
});

Deno.test("a call without metadata has only its service's name, and empty metainfo", async () => {
  const { metadata, metainfo } = await received({});
  assertEquals([...metadata], [["isn", "TestService"]]);
  assertEquals(asRecords(metainfo), { persistent: {}, transient: {} });
});

Deno.test("odd keys and values arrive as they left", async () => {
  const odd = new Map([
    ["", "an empty key"],
    ["an empty value", ""],
    ["__proto__", "no prototype"],
    ["constructor", "no constructor"],
    ["with space, comma: and = sign", "a\nb\tc\0d"],
    ["日本語", "ключ 🔑 çé"],
    ["\u{feff}bom", "\u{feff}"],
    ["RPC_PERSIST", "no prefix"],
    ["rpc_persist_k", "not a prefix in lower case"],
  ]);
  const { metadata, metainfo } = await received({
    metadata: odd,
    metainfo: { persistent: odd, transient: odd },
  });
  for (const [key, value] of odd) {
    assertEquals(metadata.get(key), value, key);
    assertEquals(metainfo.persistent.get(key), value, key);
    assertEquals(metainfo.transient.get(key), value, key);
  }
  assertEquals(metadata.size, 3 * odd.size + 1);
  assertEquals([metainfo.persistent.size, metainfo.transient.size], [odd.size, odd.size]);
});

Deno.test("metainfo wins over the same key written raw", async () => {
  const { metadata } = await received({
    metadata: { RPC_PERSIST_k: "raw", RPC_TRANSIT_k: "raw", RPC_PERSIST_other: "raw" },
    metainfo: { persistent: { k: "info" }, transient: { k: "info" } },
  });
  assertEquals(Object.fromEntries(metadata), {
    RPC_PERSIST_k: "info",
    RPC_TRANSIT_k: "info",
    RPC_PERSIST_other: "raw",
    isn: "TestService",
  });
});

Deno.test("the parent's metainfo goes on, persistent and transient", async () => {
  const { metainfo } = await received({ parent: parent({ persistent: { p: "1" }, transient: { t: "2" } }) });
  assertEquals(asRecords(metainfo), { persistent: { p: "1" }, transient: { t: "2" } });
});

Deno.test("the parent's metainfo wins over raw keys, the call's own over the parent's", async () => {
  const { metainfo } = await received({
    parent: parent({ persistent: { a: "parent", b: "parent", c: "parent" }, transient: { a: "parent" } }),
    metainfo: { persistent: { a: "own" }, transient: { a: "own", d: "own" } },
    metadata: { RPC_PERSIST_a: "raw", RPC_PERSIST_b: "raw", RPC_TRANSIT_e: "raw" },
  });
  assertEquals(asRecords(metainfo), {
    persistent: { a: "own", b: "parent", c: "parent" },
    transient: { a: "own", d: "own", e: "raw" },
  });
});

Deno.test("metainfo goes through a chain of real handlers by parent alone", async () => {
  const seen = Promise.withResolvers<MetainfoInit>();
  const [toB, atB] = duplexPair();
  const [toC, atC] = duplexPair();
  await using below = connectOver(toC);
  const c = serveOver(atC, ({ metainfo }) => seen.resolve(asRecords(metainfo)));
  const b = serveOver(atB, async (stream) => {
    await below.openStream(TARGET, { parent: stream }).readable.getReader().read();
  });
  const metainfo = { persistent: { user: "üser" }, transient: { "gdpr-token": "tok", hop: "1" } };
  const connection = connectOver(toB);
  await connection.openStream(TARGET, { metainfo }).readable.getReader().read();
  assertEquals(await seen.promise, metainfo);
  await connection.close();
  await below.close();
  await Promise.all([b.finished, c.finished]);
});

/** All bytes of the first frame that a call with these options sends. */
async function headerBytes(options: CallOptions): Promise<string> {
  const [clientEnd, peerEnd] = duplexPair();
  const connection = connectOver(clientEnd);
  connection.openStream(TARGET, options);
  const reader = peerEnd.readable.getReader();
  const { value = new Uint8Array() } = await reader.read();
  connection.abort();
  await reader.cancel();
  await connection.closed;
  return value.toHex();
}

interface RecordedFrame {
  readonly hex?: string;
  readonly frameType?: string;
}

Deno.test("gdpr-token leaves as an ACL block: byte for byte Kitex's Header frame", async () => {
  const url = new URL("../vectors/metainfo_acl_token.json", import.meta.url);
  const { frames }: { frames: RecordedFrame[] } = JSON.parse(await Deno.readTextFile(url));
  const recorded = frames.find(({ frameType }) => frameType === "header")?.hex;
  assert(recorded);
  const persistent = { pkey: "pval" };
  const transient = { "gdpr-token": "acl-token-value" };
  assertEquals(await headerBytes({ metainfo: { persistent, transient } }), recorded);
  assertEquals(await headerBytes({ parent: parent({ persistent, transient }) }), recorded);
  const metadata = { "RPC_TRANSIT_gdpr-token": "acl-token-value" };
  assertEquals(await headerBytes({ metadata, metainfo: { persistent } }), recorded);
});

Deno.test("an ACL block that comes is the transient metainfo gdpr-token", async () => {
  const { metadata, metainfo } = await received({ metainfo: { transient: { "gdpr-token": "tok 🔑" } } });
  assertEquals(metainfo.transient.get("gdpr-token"), "tok 🔑");
  assertEquals(metadata.get("RPC_TRANSIT_gdpr-token"), "tok 🔑");
});

const tooLong = "é".repeat(32_768);

/** What a program without types may give. */
const untyped: CallOptions[] = JSON.parse('[{"metadata":{"k":1}},{"metainfo":{"transient":{"k":null}}}]');

const refused: { name: string; options: CallOptions; error: ErrorConstructor; message: string }[] = [
  {
    name: "isn in metadata",
    options: { metadata: { isn: "Other" } },
    error: TypeError,
    message: "metadata: the key \"isn\" is the service's name; set it by opening the service's stream",
  },
  {
    name: "a value of 65,536 bytes in metadata",
    options: { metadata: { k: tooLong } },
    error: RangeError,
    message: "k: 65536 bytes exceed the limit of 65535 bytes",
  },
  {
    name: "a key of 65,536 bytes in metadata",
    options: { metadata: { [tooLong]: "v" } },
    error: RangeError,
    message: "metadata key: 65536 bytes exceed the limit of 65535 bytes",
  },
  {
    name: "a persistent metainfo key that is too long with its prefix",
    options: { metainfo: { persistent: { ["k".repeat(65_530)]: "v" } } },
    error: RangeError,
    message: "metadata key: 65542 bytes exceed the limit of 65535 bytes",
  },
  {
    name: "an ACL token of 65,536 bytes",
    options: { metainfo: { transient: { "gdpr-token": tooLong } } },
    error: RangeError,
    message: "RPC_TRANSIT_gdpr-token: 65536 bytes exceed the limit of 65535 bytes",
  },
  {
    name: "metainfo of the parent that is too long",
    options: { parent: parent({ transient: { k: tooLong } }) },
    error: RangeError,
    message: "RPC_TRANSIT_k: 65536 bytes exceed the limit of 65535 bytes",
  },
  {
    name: "a number in metadata",
    options: { ...untyped[0] },
    error: TypeError,
    message: 'metadata: the value of "k" is not a string but number',
  },
  {
    name: "null in metainfo",
    options: { ...untyped[1] },
    error: TypeError,
    message: 'metainfo.transient: the value of "k" is not a string but object',
  },
  {
    name: "a header block that is too long as a whole",
    options: {
      metadata: Object.fromEntries(["a", "b", "c", "d"].map((key) => [key, "x".repeat(65_535)])),
    },
    error: RangeError,
    message: "header block of 262204 bytes exceeds the limit of 262140 bytes",
  },
];

for (const { name, options, error, message } of refused) {
  Deno.test(`${name} is refused before anything is sent`, async () => {
    const [clientEnd, peerEnd] = duplexPair();
    await using peer = new WirePeer(peerEnd);
    const connection = connectOver(clientEnd);
    assertThrows(() => connection.openStream(TARGET, options), error, message);
    connection.openStream(TARGET);
    const header = await peer.expect(FrameType.Header);
    assertEquals([header.streamId, Object.fromEntries(header.metadata)], [1, { isn: "TestService" }]);
    connection.abort();
    await connection.closed;
  });
}

Deno.test("keys, values and a header of just the limit go through", async () => {
  const largest = "x".repeat(65_535);
  const { metadata } = await received({
    metadata: { [largest]: largest, long: "y".repeat(65_535), rest: "z".repeat(65_000) },
  });
  assertEquals(metadata.get(largest) === largest, true);
  assertEquals([metadata.get("long")?.length, metadata.get("rest")?.length], [65_535, 65_000]);
});
