import { Flag } from "../../../../src/http2/frame.ts";
import { join } from "../../../http2/wire.ts";
import { message } from "../../harness/http2_raw.ts";
import { Random } from "../../../support/random.ts";
import { closed, group, type Line, type Malformed } from "../case.ts";
import {
  blockOf,
  data,
  echoed,
  fieldsWith,
  GOOD_BLOCK,
  headersOf,
  http,
  MESSAGE,
  reset,
  status,
  streamed,
} from "./bytes.ts";

/** A literal without indexing, its name and value as they are. */
const literal = (name: string, value: string) =>
  join(Uint8Array.of(0, name.length), text(name), Uint8Array.of(value.length), text(value));
const text = (value: string) => Uint8Array.from(value, (unit) => unit.charCodeAt(0));

const hpack: readonly Line[] = [
  ["index 0", blockOf(0x80), closed],
  ["index 62 of an empty table", blockOf(0xbe), closed],
  ["index 2³¹", blockOf(0xff, 0x80, 0xff, 0xff, 0xff, 0x07), closed],
  ["an index without end", blockOf(0xff, ...new Uint8Array(20).fill(0xff)), closed],
  ["an index that is cut", blockOf(0xff), closed],
  ["a literal whose name is not in the table", blockOf(0x7f, 0x50, 1, "x"), closed],
  ["a literal without a value", blockOf(0x40, 1, "x"), closed],
  ["a literal without anything", blockOf(0x40), closed],
  ["a string that is longer than the block", blockOf(0x00, 1, "x", 100, "y"), closed],
  ["a string of 4 GiB", blockOf(0x00, 1, "x", 0x7f, 0x80, 0xff, 0xff, 0xff, 0x0f), closed],
  ["Huffman's EOS", blockOf(0x00, 1, "x", 0x84, 0xff, 0xff, 0xff, 0xff), closed],
  ["Huffman's padding with zeros", blockOf(0x00, 1, "x", 0x81, 0x00), closed],
  ["Huffman's padding of a byte", blockOf(0x00, 1, "x", 0x82, 0x1f, 0xff), closed],
  ["a table of 4,097 bytes", blockOf(0x3f, 0xe2, 0x1f, GOOD_BLOCK), closed],
  ["a table of 2³² bytes", blockOf(0x3f, 0xe1, 0xff, 0xff, 0xff, 0x0f, GOOD_BLOCK), closed],
  ["three sizes of the table", blockOf(0x20, 0x20, 0x20, GOOD_BLOCK), closed],
  ["a size of the table behind a field", blockOf(0x82, 0x20), closed],
  ...Array.from({ length: 12 }, (_, seed): Line => [
    `random bytes, seed ${seed}`,
    blockOf(0x80, new Random(seed + 1).bytes(200)),
    closed,
  ]),
];

const wrong = reset("PROTOCOL_ERROR");
/** A good block without the size of the table that it begins with: that can only be first. */
const REST = GOOD_BLOCK.slice(1);
const fields: readonly Line[] = [
  ...[":method", ":scheme", ":path"].map((name): Line => [
    `no ${name}`,
    headersOf(fieldsWith({ [name]: undefined }), Flag.END_STREAM),
    wrong,
  ]),
  ...([[":method", "POST"], [":scheme", "http"], [":path", "/x"], [":authority", "x"]] as const).map(
    ([name, value]): Line => [`two ${name}`, blockOf(literal(name, value), REST), wrong],
  ),
  ["an empty :path", headersOf(fieldsWith({ ":path": "" }), Flag.END_STREAM), wrong],
  ["an unknown pseudo-header field", blockOf(literal(":x", "y"), REST), wrong],
  ["an answer's pseudo-header field", blockOf(literal(":status", "200"), REST), wrong],
  ["a pseudo-header field behind another one", blockOf(GOOD_BLOCK, literal(":authority", "x")), wrong],
  ["a name in upper case", blockOf(GOOD_BLOCK, literal("X-Upper", "y")), wrong],
  ["an empty name", blockOf(GOOD_BLOCK, literal("", "y")), wrong],
  ["a name with a space", blockOf(GOOD_BLOCK, literal("a b", "y")), wrong],
  ["a name with a colon", blockOf(GOOD_BLOCK, literal("a:b", "y")), wrong],
  ["a name with a byte over 0x7f", blockOf(GOOD_BLOCK, literal("a\x80", "y")), wrong],
  ["a value with NUL", blockOf(GOOD_BLOCK, literal("x", "a\0b")), wrong],
  ["a value with CR", blockOf(GOOD_BLOCK, literal("x", "a\rb")), wrong],
  ["a value with LF", blockOf(GOOD_BLOCK, literal("x", "a\nb")), wrong],
  ["a value with a space before it", blockOf(GOOD_BLOCK, literal("x", " a")), wrong],
  ["a value with a tab behind it", blockOf(GOOD_BLOCK, literal("x", "a\t")), wrong],
  ...["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"].map((name): Line => [
    `the field ${name}`,
    blockOf(GOOD_BLOCK, literal(name, "x")),
    wrong,
  ]),
  ["te: gzip", headersOf(fieldsWith({ te: "gzip" }), Flag.END_STREAM), wrong],
  [
    "content-length that is no number",
    headersOf(fieldsWith({ "content-length": "x" }), Flag.END_STREAM),
    wrong,
  ],
  ["content-length and nothing", headersOf(fieldsWith({ "content-length": "5" }), Flag.END_STREAM), wrong],
  [
    "less DATA than content-length says",
    streamed(headersOf(fieldsWith({ "content-length": "100" }))),
    wrong,
  ],
  ["more DATA than content-length says", streamed(headersOf(fieldsWith({ "content-length": "1" }))), wrong],
  ["as much DATA as content-length says", streamed(headersOf(fieldsWith({ "content-length": "8" }))), echoed],
  [
    "a header list over the limit",
    blockOf(GOOD_BLOCK, ...Array.from({ length: 2100 }, (_, i) => literal(`${i}`, ""))),
    reset("ENHANCE_YOUR_CALM"),
  ],
];

const end = (change: Record<string, string | undefined>) => headersOf(fieldsWith(change), Flag.END_STREAM);
const requests: readonly Line[] = [
  ["no content-type", end({ "content-type": undefined }), http(415)],
  ...["text/html", "application/json", "application/grpcx", "application/grpc-web", ""]
    .map(
      (type): Line => [`content-type "${type}"`, end({ "content-type": type }), http(415)],
    ),
  [
    "content-type application/grpc+x",
    streamed(headersOf(fieldsWith({ "content-type": "application/grpc+x" }))),
    echoed,
  ],
  [
    "content-type in upper case",
    streamed(headersOf(fieldsWith({ "content-type": "application/GRPC" }))),
    echoed,
  ],
  [
    "content-type with a parameter",
    streamed(headersOf(fieldsWith({ "content-type": "application/grpc;a=b" }))),
    echoed,
  ],
  ...["GET", "PUT", "OPTIONS", "X"].map((
    method,
  ): Line => [`${method}`, end({ ":method": method }), http(405)]),
  ...["1", "S", "-1S", "1.5S", "123456789S", "1X", "1SS", "0x1S"].map((timeout): Line => [
    `grpc-timeout "${timeout}"`,
    end({ "grpc-timeout": timeout }),
    status(13),
  ]),
  ["grpc-timeout of 0", headersOf(fieldsWith({ "grpc-timeout": "0n" })), status(4)],
  ...["snappy", "br", "GZIP", "gzip,deflate"].map((encoding): Line => [
    `grpc-encoding "${encoding}"`,
    end({ "grpc-encoding": encoding }),
    status(12),
  ]),
  ["an unknown method", end({ ":path": "/Test/Nobody" }), status(12)],
  ["te is missing", streamed(headersOf(fieldsWith({ te: undefined }))), echoed],
  [":scheme is odd", streamed(headersOf(fieldsWith({ ":scheme": "x" }))), echoed],
];

const begun = (...payloads: Uint8Array<ArrayBuffer>[]) =>
  join(headersOf(), ...payloads.map((payload) => data(payload)));
const ended = (payload: Uint8Array<ArrayBuffer>) => join(headersOf(), data(payload, Flag.END_STREAM));
const gzip = headersOf(fieldsWith({ "grpc-encoding": "gzip" }));
const three = Uint8Array.of(1, 2, 3);

const messages: readonly Line[] = [
  ...[2, 3, 127, 128, 255].map((flag): Line => [`flag ${flag}`, begun(message(three, flag)), status(13)]),
  ["compressed, and no grpc-encoding", begun(message(three, 1)), status(13)],
  [
    "compressed, and grpc-encoding identity",
    join(
      headersOf(fieldsWith({ "grpc-encoding": "identity" })),
      data(message(three, 1)),
    ),
    status(13),
  ],
  ["compressed junk", join(gzip, data(message(three, 1))), status(13)],
  ["compressed nothing", join(gzip, data(message(new Uint8Array(0), 1))), status(13)],
  ...[16 * 1024 * 1024 + 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff].map((length): Line => [
    `a message of ${length} bytes is announced`,
    begun(message(three, 0, length)),
    status(8),
  ]),
  ...[1, 2, 3, 4].map((
    size,
  ): Line => [`the end within a prefix, after ${size} bytes`, ended(MESSAGE.slice(0, size)), status(13)]),
  ...[5, 6, 7].map((
    size,
  ): Line => [`the end within a message, after ${size} bytes`, ended(MESSAGE.slice(0, size)), status(13)]),
  [
    "the end within a message, by trailers",
    join(
      headersOf(),
      data(MESSAGE.slice(0, 6)),
      headersOf([["x", "y"]], Flag.END_STREAM),
    ),
    status(13),
  ],
  ...[1, 2, 3, 4, 5, 6, 7].map((at): Line => [
    `a message in two frames, cut at ${at}`,
    join(headersOf(), data(MESSAGE.slice(0, at)), data(MESSAGE.slice(at), Flag.END_STREAM)),
    echoed,
  ]),
  ["a good message, then one with the flag 9", begun(join(MESSAGE, message(three, 9))), status(13)],
  ["an empty message", ended(message(new Uint8Array(0))), echoed],
  ["no message", headersOf(undefined, Flag.END_STREAM), status(0)],
];

export const requestCases: readonly Malformed[] = [
  ...group("HPACK", hpack),
  ...group("fields", fields),
  ...group("requests", requests),
  ...group("messages", messages),
];
