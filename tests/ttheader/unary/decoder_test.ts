/** Bytes become the messages of unary calls, however they are cut; what is none is refused before it costs anything. */
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { TTStreamError } from "../../../mod.ts";
import { exceptionText, readException } from "../../../src/ttheader/exception.ts";
import { UnaryDecoder } from "../../../src/ttheader/unary/decoder.ts";
import { MessageType, type UnaryMessage } from "../../../src/ttheader/unary/message.ts";
import { field, i32, i64, list, map, set, string, struct } from "../../../src/thrift/mod.ts";
import { fromHex } from "../../support/hex.ts";
import { Random } from "../../support/random.ts";
import { FRAMINGS, messageBytes } from "../../support/unary_peer.ts";
import { recordings } from "./recordings.ts";

const LIMIT = 1024 * 1024;

function decodeAll(chunks: readonly Uint8Array<ArrayBuffer>[]): UnaryMessage[] {
  const decoder = new UnaryDecoder(LIMIT);
  const messages: UnaryMessage[] = [];
  for (const chunk of chunks) {
    decoder.push(chunk);
    for (let message = decoder.next(); message !== undefined; message = decoder.next()) {
      messages.push(message);
    }
  }
  assertEquals(decoder.pendingBytes, 0);
  return messages;
}

/** What counts of a message, without where its bytes lie. */
function shown(message: UnaryMessage) {
  return { ...message, payload: [...message.payload] };
}

for (const { name, framing, method, type, sequenceId, hex } of recordings) {
  Deno.test(`Kitex's recorded ${name} (${framing}) is read, cut at every byte and byte by byte`, () => {
    const bytes = fromHex(hex);
    const [whole] = decodeAll([bytes]);
    if (whole === undefined) throw new Error("no message came");
    assertEquals([whole.method, whole.type, whole.sequenceId, whole.framing], [
      method,
      type,
      sequenceId,
      FRAMINGS[framing],
    ]);
    assertEquals(whole.id, sequenceId);
    for (let at = 1; at < bytes.length; at++) {
      assertEquals(decodeAll([bytes.slice(0, at), bytes.slice(at)]).map(shown), [shown(whole)]);
    }
    assertEquals(decodeAll(Array.from(bytes, (byte) => Uint8Array.of(byte))).map(shown), [shown(whole)]);
    // One behind the other in a chunk, and the next one's beginning with them.
    const twice = new Uint8Array([...bytes, ...bytes, ...bytes.subarray(0, 5)]);
    assertEquals(decodeAll([twice, bytes.slice(5)]).map(shown), [whole, whole, whole].map(shown));
  });
}

Deno.test("a recorded head's keys, time-out, flags and exception are those that Kitex has written", () => {
  const message = (name: string): UnaryMessage => {
    const [found] = decodeAll([fromHex(recordings.find((one) => one.name === name)?.hex ?? "")]);
    if (found === undefined) throw new Error(`no recording of ${name}`);
    return found;
  };
  const call = message("a call with metainfo");
  assertEquals(
    call.metadata,
    new Map([["RPC_TRANSIT_hop", "1"], ["RPC_PERSIST_user", "ada"], ["isn", "Words"]]),
  );
  assertEquals([call.timeoutMs, call.outOfOrder], [10_000, false]);
  assertEquals(message("a call of a client that multiplexes").outOfOrder, true);
  const unknown = message("an unknown method, before the connection closes");
  assertEquals(unknown.metadata, new Map([["crrst", "1"]]));
  assertEquals(exceptionText(readException(unknown.payload)), "unknown method whisper (service Words)");
});

/** Deep in containers, so that the end can only be found by walking through all of it. */
const Deep = struct("Deep", {
  totals: field(1, map(string, list(i64))),
  names: field(2, list(list(string))),
  primes: field(3, set(i32)),
  leaf: field(4, struct("Leaf", { text: field(1, string), number: field(2, i32) })),
  leaves: field(5, list(struct("Other", { text: field(1, string) }))),
  pairs: field(6, map(i32, i64)),
});

Deno.test("the end of a buffered message is found behind containers of every kind, cut anywhere", () => {
  const payload = Deep.encode({
    totals: new Map([["a", [1n, 2n]], ["", []]]),
    names: [["x", "yy"], [], ["zzz"]],
    primes: new Set([2, 3, 5]),
    leaf: { text: "leaf", number: 7 },
    leaves: [{ text: "1" }, { text: "22" }],
    pairs: new Map([[1, 2n], [3, 4n]]),
  });
  const bytes = messageBytes({ framing: FRAMINGS.Buffered, payload });
  for (let at = 1; at < bytes.length; at++) {
    const [message, ...more] = decodeAll([bytes.slice(0, at), bytes.slice(at)]);
    assertEquals([message?.payload, more.length], [payload, 0]);
  }
});

Deno.test("messages of all framings may follow each other on one connection", () => {
  const bytes = Object.values(FRAMINGS).map((framing, i) => messageBytes({ framing, id: i + 1 }));
  const messages = decodeAll([new Uint8Array(bytes.flatMap((each) => [...each]))]);
  assertEquals(
    messages.map(({ id, framing }) => [id, framing]),
    Object.values(FRAMINGS).map((f, i) => [i + 1, f]),
  );
});

const text = (length: number) => "61".repeat(length);

const refused: readonly { readonly name: string; readonly hex: string; readonly error: string }[] = [
  {
    name: "a frame of 512 MiB announced",
    hex: "20000000 80010001",
    error: "frame of 536870912 bytes exceeds the limit of 1048576 bytes",
  },
  {
    name: "a TTHeader frame of 512 MiB announced",
    hex: "20000000 10000000",
    error: "frame of 536870912 bytes exceeds the limit of 1048576 bytes",
  },
  {
    name: "a buffered string of 512 MiB announced",
    hex: "80010001 00000001 61 00000001 0b0001 20000000 00",
    error: "thrift message of 536870932 bytes or more exceeds the limit of 1048576 bytes",
  },
  {
    name: "a buffered list of 2^31-1 structs announced",
    hex: "80010001 00000001 61 00000001 0f0001 0c 7fffffff 00",
    error: "thrift message of 2147483668 bytes or more exceeds the limit of 1048576 bytes",
  },
  {
    name: "a buffered list of 2^30 doubles announced",
    hex: "80010001 00000001 61 00000001 0f0001 04 40000000 00",
    error: "thrift message of 1073741845 bytes or more exceeds the limit of 1048576 bytes",
  },
  {
    name: "a buffered string of a negative size",
    hex: "80010001 00000001 61 00000001 0b0001 ffffffff 00",
    error: "thrift message has a negative size: -1",
  },
  {
    name: "a buffered list of a negative count",
    hex: "80010001 00000001 61 00000001 0f0001 0c ffffffff 00",
    error: "thrift message has a negative count: -1",
  },
  {
    name: "a buffered method of a negative size",
    hex: "80010001 ffffffff 61",
    error: "thrift message has a negative size: -1",
  },
  {
    name: "a buffered value of an unknown type",
    hex: "80010001 00000001 61 00000001 090001 00",
    error: "thrift message has a value of the unknown type 9",
  },
  {
    name: "buffered structs nested a thousand deep",
    hex: `80010001 00000001 61 00000001 ${"0c0001".repeat(1000)}`,
    error: "thrift message is nested deeper than 64",
  },
  {
    name: "a buffered method of 70,000 bytes",
    hex: `80010001 00011170 ${text(70_000)} 00000001 00`,
    error: "method of 70000 bytes exceeds the limit of 65535 bytes",
  },
  {
    name: "a framed method longer than its frame",
    hex: "00000010 80010001 000000ff 61616161 00000001",
    error: "thrift message has a name of 255 bytes, 4 are left",
  },
  {
    name: "a frame of another protocol behind a message",
    hex: "474554202f20485454502f312e310d0a",
    error: "invalid payload (first4Bytes=0x47455420, second4Bytes=0x2f204854)",
  },
  {
    name: "Kitex's protobuf in a frame",
    hex: "00000010 90010001 00000000",
    error: "invalid payload (first4Bytes=0x00000010, second4Bytes=0x90010001)",
  },
  {
    name: "a TTHeader frame with a header of no bytes",
    hex: "0000000a 10000000 00000001 0000",
    error: "invalid header length[0]",
  },
  {
    name: "a TTHeader frame whose header is longer than it",
    hex: "0000000e 10000000 00000001 00ff 00000000",
    error: "header of 1020 bytes exceeds the 4 bytes that the frame has left",
  },
  {
    name: "a TTHeader frame of 4 bytes",
    hex: "00000004 10000000",
    error: "frame of 4 bytes is shorter than its fixed part of 10 bytes",
  },
];

for (const { name, hex, error } of refused) {
  Deno.test(`${name} is refused, whole and byte by byte`, () => {
    const bytes = fromHex(hex);
    for (const chunks of [[bytes], Array.from(bytes, (byte) => Uint8Array.of(byte))]) {
      const thrown = assertThrows(() => decodeAll(chunks), TTStreamError);
      assertEquals([thrown.code, thrown.description], [12004, error]);
    }
  });
}

Deno.test("a message that is all there but for one byte waits for it, in every framing", () => {
  for (const framing of Object.values(FRAMINGS)) {
    const bytes = messageBytes({ framing });
    const decoder = new UnaryDecoder(LIMIT);
    decoder.push(bytes.slice(0, -1));
    assertEquals(decoder.next(), undefined);
    assertEquals(decoder.pendingBytes, bytes.length - 1);
    decoder.push(bytes.slice(-1));
    assertEquals(decoder.next()?.type, MessageType.Call);
  }
});

Deno.test("a frame whose head is intact tells its call's id and method, though nothing behind it can be read", () => {
  const bytes = messageBytes({ id: 77, method: "Shout" });
  const at = bytes.findIndex((byte, i) => byte === 0x80 && bytes[i + 1] === 0x01);
  bytes[at] = 0x7f;
  const [message] = decodeAll([bytes]);
  assertEquals([message?.id, message?.method, message?.payload.length], [77, "Shout", 0]);
  assertEquals(message?.fault?.startsWith("invalid payload (first4Bytes=0x7f010001"), true);
});

Deno.test("a buffered message of a megabyte that comes in small chunks is looked at once", () => {
  const decoder = new UnaryDecoder(8 * LIMIT);
  const bytes = messageBytes({ framing: FRAMINGS.Buffered, payload: payloadOf(100_000) });
  const started = performance.now();
  let messages = 0;
  for (let at = 0; at < bytes.length; at += 64) {
    decoder.push(bytes.slice(at, at + 64));
    while (decoder.next() !== undefined) messages++;
  }
  assertEquals(messages, 1);
  // To begin anew with each chunk would take minutes.
  assertEquals(performance.now() - started < 10_000, true);
});

function payloadOf(strings: number): Uint8Array {
  const Many = struct("Many", { texts: field(1, list(string)) });
  return Many.encode({ texts: Array.from({ length: strings }, (_, i) => `text ${i}`) });
}

Deno.test("recorded messages with random bytes changed are read, waited for, or refused as no messages", () => {
  let read = 0;
  let refusals = 0;
  for (let seed = 1; seed <= 5_000; seed++) {
    const random = new Random(seed);
    const bytes = fromHex(random.pick(recordings).hex);
    for (let changes = 1 + random.below(4); changes > 0; changes--) {
      bytes[random.below(bytes.length)] = random.below(256);
    }
    const decoder = new UnaryDecoder(LIMIT);
    try {
      const cut = random.below(bytes.length);
      for (const chunk of [bytes.slice(0, cut), bytes.slice(cut)]) {
        decoder.push(chunk);
        while (decoder.next() !== undefined) read++;
      }
    } catch (error) {
      assertInstanceOf(error, TTStreamError, `seed ${seed}`);
      refusals++;
    }
  }
  assert(read > 500 && refusals > 500, `${read} read, ${refusals} refused`);
});
