/** What the tap does with bytes that it cannot read: it says so, and lets them pass. */
import { assertEquals } from "@std/assert";
import { PREFACE } from "../../src/http2/frame.ts";
import { conversation } from "../support/vectors.ts";
import { linesOf, type Part, read } from "./reading.ts";

const text = new TextEncoder();

function client(bytes: string | Uint8Array<ArrayBuffer>): Part {
  return { from: "client", bytes: typeof bytes === "string" ? text.encode(bytes) : bytes };
}

const PASSED = "from here on its bytes are passed through unread";

const others: readonly (readonly [string, Part, string])[] = [
  ["HTTP/1", client("GET / HTTP/1.1\r\n\r\n"), "a request of HTTP/1"],
  [
    "TLS",
    client(new Uint8Array([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3])),
    "TLS, and this connection is not encrypted",
  ],
  ["neither", client("hello, world"), "neither Thrift nor HTTP/2"],
];

for (const [name, part, said] of others) {
  Deno.test(`a connection of ${name} is said to be one, once`, () => {
    assertEquals(linesOf(read([part, part, { ...part, from: "server" }])), [
      `→ - unread   is ${said}; ${PASSED}`,
    ]);
  });
}

Deno.test("a broken frame of TTHeader ends the reading, after the frames before it", () => {
  const [header] = conversation("bidi_3").frames;
  const bytes = header?.bytes ?? new Uint8Array();
  const lines = linesOf(read([client(bytes), client("not a frame at all"), client(bytes)]));
  assertEquals(lines, [
    "- - speaks   TTHeader Streaming",
    "→ 1 Header   TestService/EchoBidi isn=TestService",
    "→ - unread   cannot be read: [ttstream error, code=12004] not TTHeader protocol " +
    `(first4Bytes=0x6e6f7420, second4Bytes=0x61206672); ${PASSED}`,
  ]);
});

Deno.test("a broken header block of HTTP/2 ends the reading of both directions", () => {
  const block = new Uint8Array([0, 0, 1, 1, 4, 0, 0, 0, 1, 0x80]);
  const ping = new Uint8Array([0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
  const lines = linesOf(read([
    client(PREFACE),
    { from: "server", bytes: ping },
    client(block),
    { from: "server", bytes: ping },
  ]));
  assertEquals(lines, [
    "- - speaks   HTTP/2",
    "← - PING",
    `→ - unread   cannot be read: A header field has index 0; ${PASSED}`,
  ]);
});

Deno.test("a server that speaks first is kept until its client says what it speaks", () => {
  const settings = new Uint8Array([0, 0, 0, 4, 0, 0, 0, 0, 0]);
  const lines = linesOf(read([{ from: "server", bytes: settings }, client(PREFACE), client(settings)]));
  assertEquals(lines, ["- - speaks   HTTP/2", "← - SETTINGS", "→ - SETTINGS"]);
});

Deno.test("a server that speaks for long while its client says nothing is not kept", () => {
  const lines = linesOf(read([{ from: "server", bytes: new Uint8Array(70_000) }, client(PREFACE)]));
  assertEquals(lines, [`← - unread   does not say what it speaks; ${PASSED}`]);
});

Deno.test("what came from the wire cannot write on the terminal", () => {
  const request = headersFrame([[":path", "/a/\u001b[2J"], ["x", "one\ntwo"]]);
  assertEquals(linesOf(read([client(PREFACE), client(request)])).slice(1), [
    "→ 1 HEADERS  a/\\u001b[2J x=one\\u000atwo",
  ]);
});

/** A HEADERS frame of stream 1, its fields as literals (RFC 7541 6.2.2). */
function headersFrame(fields: readonly (readonly [string, string])[]): Uint8Array<ArrayBuffer> {
  const block = fields.flatMap((
    field,
  ) => [0, ...field.flatMap((part) => [part.length, ...text.encode(part)])]);
  return new Uint8Array([0, 0, block.length, 1, 4, 0, 0, 0, 1, ...block]);
}
