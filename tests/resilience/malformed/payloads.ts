import {
  exception,
  fieldHead,
  frame,
  good,
  join,
  MESSAGE,
  METHOD,
  said,
  SERVICE,
  string32,
  stringBlock,
  typed,
  typeIs,
  uint,
} from "./bytes.ts";
import { answered, echoed, group, ignored, type Line, type Malformed } from "./case.ts";

const failed = answered("Header, Trailer 6");
const nested = (levels: number) =>
  new Uint8Array(levels * 3).fill(0x0c).map((byte, i) => i % 3 === 0 ? byte : 0);

/** Ways in which an exception can be broken, and a few that are fine. */
const exceptions: readonly (readonly [string, Uint8Array])[] = [
  ["no payload", new Uint8Array(0)],
  ["a single byte", Uint8Array.of(0x80)],
  ["three bytes", Uint8Array.of(0x80, 0x01, 0x00)],
  ["junk", join("no exception at all")],
  ["the version 8002", exception({ version: 0x8002 })],
  ["the version 0: the old form of a message", exception({ version: 0 })],
  ["a Call instead", exception({ kind: 1 })],
  ["a Reply instead", exception({ kind: 2 })],
  ["the message type 0", exception({ kind: 0 })],
  ["the message type 255", exception({ kind: 255 })],
  ["a name longer than the payload", exception({ name: string32(METHOD, 1000) })],
  ["a name of -1 bytes", exception({ name: string32(METHOD, -1) })],
  ["a name of 2 GiB", exception({ name: string32(METHOD, 0x7fff_ffff) })],
  ["nothing after the name", join(uint(4, 0x8001_0003), string32(METHOD))],
  ["another sequence id", exception({ sequence: -1 })],
  ["no fields", exception({ fields: join(0) })],
  ["no stop", exception({ fields: join(said, typeIs(12007)) })],
  [
    "a text longer than the payload",
    exception({ fields: join(fieldHead(11, 1), string32("x", 1 << 30), 0) }),
  ],
  ["a text of -1 bytes", exception({ fields: join(fieldHead(11, 1), string32("x", -1), 0) })],
  [
    "a text of -2,147,483,648 bytes",
    exception({ fields: join(fieldHead(11, 1), string32("x", 0x8000_0000), 0) }),
  ],
  [
    "a text that is no UTF-8",
    exception({ fields: join(fieldHead(11, 1), string32(Uint8Array.of(255, 254)), typeIs(12007), 0) }),
  ],
  [
    "a text of 1 MiB",
    exception({ fields: join(fieldHead(11, 1), string32("x".repeat(1 << 20)), typeIs(12007), 0) }),
  ],
  ["a text that is an i32", exception({ fields: join(fieldHead(8, 1), uint(4, 1), typeIs(12007), 0) })],
  ["a type that is a string", exception({ fields: join(said, fieldHead(11, 2), string32("12007"), 0) })],
  ["a type cut off", exception({ fields: join(said, fieldHead(8, 2), uint(2, 0)) })],
  ["the type -1", exception({ fields: join(said, typeIs(-1), 0) })],
  ["the type 0", exception({ fields: join(said, typeIs(0), 0) })],
  [
    "fields of unknown ids",
    exception({
      fields: join(
        fieldHead(11, 99),
        string32("x"),
        said,
        fieldHead(10, -1),
        uint(4, 0),
        uint(4, 0),
        typeIs(12007),
        0,
      ),
    }),
  ],
  ["each field twice", exception({ fields: join(said, said, typeIs(1), typeIs(12007), 0) })],
  ["a field of the unknown type 1", exception({ fields: join(fieldHead(1, 3), 0) })],
  ["a field of the unknown type 127", exception({ fields: join(fieldHead(0x7f, 3), 0) })],
  ["structs nested 10,000 deep", exception({ fields: nested(10_000) })],
  ["structs nested 300,000 deep", exception({ fields: nested(300_000) })],
  [
    "lists nested 10,000 deep",
    exception({
      fields: join(fieldHead(15, 3), ...Array.from({ length: 10_000 }, () => join(15, uint(4, 1)))),
    }),
  ],
  ["a list of 2,147,483,647 bytes", exception({ fields: join(fieldHead(15, 3), 3, uint(4, 0x7fff_ffff)) })],
  ["a list of -1 elements", exception({ fields: join(fieldHead(15, 3), 3, uint(4, -1), 0) })],
  [
    "a set of 2,147,483,647 empty structs",
    exception({ fields: join(fieldHead(14, 3), 12, uint(4, 0x7fff_ffff)) }),
  ],
  [
    "a map of 2,147,483,647 entries",
    exception({ fields: join(fieldHead(13, 3), 11, 11, uint(4, 0x7fff_ffff)) }),
  ],
  ["a list of the type void", exception({ fields: join(fieldHead(15, 3), 1, uint(4, 0x7fff_ffff)) })],
  ["bytes after the end", join(exception(), "and more")],
];

/** A client's Rst is heard, however it is broken, and nothing is answered. */
const rsts = exceptions.map((
  [name, payload],
): Line => [name, join(good.header(), good.rst(1, payload)), ignored]);

/** The handler's reading ends well, or fails, and so does it. */
const trailers = exceptions.map(([name, payload]): Line => [
  name,
  join(good.header(), good.trailer(1, payload)),
  payload.length === 0 ? answered("Header, Trailer") : failed,
]);

const message = (payload: Uint8Array) => join(good.header(), good.data(1, payload), good.trailer());

const messages: readonly Line[] = [
  ["an empty payload", message(new Uint8Array(0)), failed],
  ["junk", message(join("no struct at all")), failed],
  ["an exception", message(exception()), failed],
  ["a required field missing", message(Uint8Array.of(0)), failed],
  ["no stop", message(MESSAGE.subarray(0, -1)), failed],
  ["cut off in a number", message(MESSAGE.subarray(0, 6)), failed],
  ["bytes after the end", message(join(MESSAGE, "more")), failed],
  ["a field of an unknown id", message(join(fieldHead(11, 30_001), string32("x"), MESSAGE)), echoed],
  ["the field of another type", message(join(fieldHead(11, 28), string32("7"), 0)), failed],
  ["a field of the unknown type 1", message(join(fieldHead(1, 900), MESSAGE)), failed],
  ["a text of -1 bytes", message(join(fieldHead(11, 900), string32("x", -1), MESSAGE)), failed],
  ["a text of 2 GiB", message(join(fieldHead(11, 900), string32("x", 0x7fff_ffff), MESSAGE)), failed],
  [
    "a list of 2,147,483,647 bytes",
    message(join(fieldHead(15, 900), 3, uint(4, 0x7fff_ffff), MESSAGE)),
    failed,
  ],
  ["a map of -1 entries", message(join(fieldHead(13, 900), 11, 11, uint(4, -1), MESSAGE)), failed],
  ["structs nested 300,000 deep", message(nested(300_000)), failed],
  [
    "a frame of 8 MiB of unknown text",
    message(join(fieldHead(11, 900), string32("x".repeat(8 << 20)), MESSAGE)),
    echoed,
  ],
  [
    "a payload on the Header",
    join(
      frame({ blocks: join(stringBlock([["isn", SERVICE]]), typed("2")), payload: MESSAGE }),
      good.data(),
      good.trailer(),
    ),
    echoed,
  ],
];

export const payloads: readonly Malformed[] = [
  ...group("a Rst's payload", rsts),
  ...group("a Trailer's payload", trailers),
  ...group("a message's payload", messages),
];
