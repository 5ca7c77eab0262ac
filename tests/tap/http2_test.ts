/** Frames of HTTP/2 that gRPC seldom has, as the tap shows them. */
import { assertEquals } from "@std/assert";
import { PREFACE } from "../../src/http2/frame.ts";
import { gzip } from "../../src/net/compression.ts";
import { linesOf, type Part, read } from "./reading.ts";

const text = new TextEncoder();
type Fields = readonly (readonly [string, string])[];

/** A header block, its fields as literals (RFC 7541 6.2.2). */
function block(fields: Fields): number[] {
  return fields.flatMap((field) => [0, ...field.flatMap((part) => [part.length, ...text.encode(part)])]);
}

function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Iterable<number>,
): Uint8Array<ArrayBuffer> {
  const bytes = [...payload];
  return new Uint8Array([0, bytes.length >> 8, bytes.length & 0xff, type, flags, 0, 0, 0, stream, ...bytes]);
}

/** A message of gRPC. */
function message(bytes: Uint8Array, compressed = 0): number[] {
  return [compressed, 0, 0, 0, bytes.length, ...bytes];
}

/** The lines of what client and server send, behind the preface. */
function lines(...parts: readonly Part[]): string[] {
  return linesOf(read([{ from: "client", bytes: PREFACE }, ...parts])).slice(1);
}

const client = (bytes: Uint8Array<ArrayBuffer>): Part => ({ from: "client", bytes });
const server = (bytes: Uint8Array<ArrayBuffer>): Part => ({ from: "server", bytes });
const REQUEST: Fields = [[":path", "/a.B/C"], ["content-type", "application/grpc"], [
  "grpc-encoding",
  "gzip",
]];
const opened = client(frame(1, 4, 1, block(REQUEST)));

Deno.test("a header block in several frames is shown where it ends", () => {
  const bytes = block(REQUEST);
  const shown = lines(
    client(frame(1, 1, 1, bytes.slice(0, 10))),
    client(frame(9, 0, 1, bytes.slice(10, 20))),
    client(frame(9, 4, 1, bytes.slice(20))),
  );
  assertEquals(shown, [
    "→ 1 HEADERS  10 B CONTINUATION follows",
    "→ 1 CONTINUATION 10 B",
    "→ 1 CONTINUATION END_STREAM a.B/C content-type=application/grpc grpc-encoding=gzip",
  ]);
});

Deno.test("padding and priority are no part of what is shown", () => {
  const bytes = block(REQUEST);
  const shown = lines(
    client(frame(1, 4 | 8 | 0x20, 1, [2, 0, 0, 0, 0, 16, ...bytes, 0, 0])),
    client(frame(0, 8, 1, [3, ...message(text.encode("hi")), 0, 0, 0])),
  );
  assertEquals(shown, [
    "→ 1 HEADERS  a.B/C content-type=application/grpc grpc-encoding=gzip",
    "→ 1 DATA     a.B/C 2 B",
  ]);
});

Deno.test("a message in several frames, several in one, and one that is compressed are each told", () => {
  const long = message(text.encode("0123456789"));
  const compressed = message(gzip(text.encode("hello")), 1);
  const [, ...shown] = lines(
    opened,
    client(frame(0, 0, 1, long.slice(0, 8))),
    client(frame(0, 0, 1, [...long.slice(8), ...message(text.encode("x")), 0, 0])),
    client(frame(0, 1, 1, [0, 0, 0])),
    client(frame(0, 0, 1, compressed)),
    client(frame(0, 0, 1, message(text.encode("no gzip"), 1))),
  );
  assertEquals(shown, [
    "→ 1 DATA     a.B/C 8 B of a message, at least 7 B are still to come",
    "→ 1 DATA     a.B/C 10 B",
    "→ 1 DATA     a.B/C 1 B",
    "→ 1 DATA     a.B/C 2 B of a message, at least 3 B are still to come",
    "→ 1 DATA     a.B/C 0 B",
    "→ 1 DATA     END_STREAM a.B/C",
    `→ 1 DATA     a.B/C ${compressed.length - 5} B gzip of 5 bytes`,
    "→ 1 DATA     a.B/C 7 B no gzip: incorrect header check",
  ]);
});

Deno.test("resets, GOAWAY and what nobody knows have their names", () => {
  const [, ...shown] = lines(
    opened,
    server(frame(3, 0, 1, [0, 0, 0, 11])),
    server(frame(7, 0, 0, [0, 0, 0, 1, 0, 0, 0, 2, ...text.encode("so long")])),
    server(frame(77, 0, 0, [1, 2, 3])),
    client(frame(2, 0, 1, [0, 0, 0, 0, 16])),
    client(frame(3, 0, 99, [0, 0, 3, 232])),
  );
  assertEquals(shown, [
    "← 1 RST_STREAM a.B/C ENHANCE_YOUR_CALM",
    "← - GOAWAY   last stream 1, INTERNAL_ERROR: so long",
    "← - frame of type 77 3 B",
    "→ 1 PRIORITY a.B/C 5 B",
    "→ 99 RST_STREAM error code 1000",
  ]);
});

Deno.test("an answer that is none of gRPC's is said to be none", () => {
  const [, shown] = lines(opened, server(frame(1, 5, 1, block([[":status", "502"]]))));
  assertEquals(shown, "← 1 HEADERS  END_STREAM a.B/C :status=502 HTTP status 502, no grpc-status");
});
