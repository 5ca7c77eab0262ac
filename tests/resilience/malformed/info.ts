import {
  good,
  header,
  intBlock,
  join,
  METHOD,
  served,
  SERVICE,
  streamed,
  string16,
  stringBlock,
  typed,
  uint,
} from "./bytes.ts";
import { answered, closed, echoed, group, ignored, type Line, type Malformed } from "./case.ts";

const isn = stringBlock([["isn", SERVICE]]);
const invalid = Uint8Array.of(0xff, 0xfe, 0xc0, 0x80);
const many = (count: number) => Array.from({ length: count }, (_, i) => [`k${i}`, "v"] as const);
const FULL = "x".repeat(0xffff);

/** What would be the same frame again and again, with a different end. */
const unknownMethod = answered("Header, Trailer 1");
const unknownService = answered("Header, Trailer 20");

const blocks: readonly Line[] = [
  ["no info at all", header(), closed],
  ["padding alone", header(0, 0, 0, 0, 0, 0, 0, 0), closed],
  ...[0x02, 0x03, 0x0f, 0x12, 0x20, 0x7f, 0x80, 0xff].map((block): Line => [
    `an info block of the unknown id ${block.toString(16).padStart(2, "0")}`,
    served(typed("2"), block, uint(2, 0)),
    closed,
  ]),
  ["int pairs: a block that ends in its count", header(0x10, 0), closed],
  ["int pairs: count 0", served(0x10, uint(2, 0)), closed],
  ["int pairs: one more than there are", header(isn, intBlock([[9, METHOD], [27, "2"]], 3)), closed],
  ["int pairs: count ffff", header(isn, intBlock([[9, METHOD], [27, "2"]], 0xffff)), closed],
  ["int pairs: one fewer than there are", header(isn, intBlock([[27, "2"], [9, METHOD]], 1)), closed],
  [
    "int pairs: a value longer than the block",
    header(0x10, uint(2, 1), uint(2, 27), string16("2", 200)),
    closed,
  ],
  [
    "int pairs: a value of ffff bytes announced",
    header(0x10, uint(2, 1), uint(2, 27), string16("2", 0xffff)),
    closed,
  ],
  ["int pairs: cut off in a key", header(0x10, uint(2, 1), 0), closed],
  [
    "int pairs: unknown keys",
    streamed(served(intBlock([[9, METHOD], [27, "2"], [0, "x"], [0xffff, ""]]))),
    echoed,
  ],
  ["int pairs: two blocks", streamed(served(intBlock([[9, METHOD]]), intBlock([[27, "2"]]))), echoed],
  ["int pairs before string pairs", streamed(header(typed("2"), isn)), echoed],
  ["padding between the blocks", streamed(header(isn, 0, 0, 0, 0, 0, typed("2"))), echoed],
  ["string pairs: count 0", streamed(served(0x01, uint(2, 0), typed("2"))), echoed],
  ["string pairs: count ffff", header(typed("2"), stringBlock([["isn", SERVICE]], 0xffff)), closed],
  ["string pairs: one more than there are", header(typed("2"), stringBlock([["isn", SERVICE]], 2)), closed],
  ["string pairs: a key without a value", header(typed("2"), 0x01, uint(2, 1), string16("isn")), closed],
  [
    "string pairs: a key longer than the block",
    header(typed("2"), 0x01, uint(2, 1), string16("isn", 300)),
    closed,
  ],
  [
    "string pairs: a value longer than the block",
    header(typed("2"), 0x01, uint(2, 1), string16("isn"), string16("x", 300)),
    closed,
  ],
  [
    "string pairs: empty keys and values",
    streamed(served(stringBlock([["", ""], ["", "x"], ["y", ""]]), typed("2"))),
    echoed,
  ],
  ["string pairs: 10,000 of them", streamed(served(stringBlock(many(10_000)), typed("2"))), echoed],
  [
    "string pairs: keys of Object.prototype",
    streamed(served(stringBlock([["__proto__", "x"], ["constructor", "y"], ["toString", "z"]]), typed("2"))),
    echoed,
  ],
  ["string pairs: a value of 65,535 bytes", streamed(served(stringBlock([["k", FULL]]), typed("2"))), echoed],
  [
    "string pairs: keys and values that are no UTF-8",
    streamed(served(stringBlock([[invalid, invalid]]), typed("2"))),
    echoed,
  ],
  [
    "string pairs: the same key twice",
    streamed(header(stringBlock([["isn", "Other"], ["isn", SERVICE]]), typed("2"))),
    echoed,
  ],
  ["an ACL token", streamed(served(0x11, string16("token"), typed("2"))), echoed],
  ["an ACL token of no bytes", streamed(served(0x11, string16(""), typed("2"))), echoed],
  ["an ACL token twice", streamed(served(0x11, string16("a"), 0x11, string16("b"), typed("2"))), echoed],
  ["an ACL token longer than the block", served(typed("2"), 0x11, string16("token", 500)), closed],
  // As the last byte of the header: with padding behind it, it would be a token of no bytes.
  ["an ACL token without its size", header(isn, typed("2"), 0, 0, 0, 0x11), closed],
  ["an ACL token that is no UTF-8", streamed(served(0x11, string16(invalid), typed("2"))), echoed],
];

const types: readonly Line[] = [
  ["no frame type", served(intBlock([[9, METHOD]])), closed],
  ...["", "0", "6", "9", "a", "-1", "22", "2 ", "02", "\u0002", "Header"].map((type): Line => [
    `frame type ${JSON.stringify(type)}`,
    served(typed(type)),
    closed,
  ]),
  ["frame type of bytes that are no UTF-8", served(intBlock([[9, METHOD], [27, invalid]])), closed],
  [
    "two frame types, the last one counts",
    streamed(served(intBlock([[27, "9"], [9, METHOD], [27, "2"]]))),
    echoed,
  ],
  ["a Meta frame on stream 0", good.meta(), ignored],
  ["a Meta frame for a stream nobody opened", good.meta(77), ignored],
  [
    "a Meta frame in the middle of a stream",
    join(good.header(), good.meta(1), good.data(), good.trailer()),
    echoed,
  ],
];

const names: readonly Line[] = [
  ["no method", served(intBlock([[27, "2"]])), unknownMethod],
  ["an empty method", served(typed("2", "")), unknownMethod],
  ["an unknown method", served(typed("2", "nope")), unknownMethod],
  ["a method of another case", served(typed("2", "TYPES")), unknownMethod],
  ["a method with a zero byte", served(typed("2", `${METHOD}\0`)), unknownMethod],
  ["a method that is no UTF-8", served(typed("2", invalid)), unknownMethod],
  ["a method of 65,535 bytes", served(typed("2", FULL)), unknownMethod],
  [
    "a method of 65,535 bytes that are no UTF-8",
    served(typed("2", new Uint8Array(0xffff).fill(0xff))),
    closed,
  ],
  ["a method of Object.prototype", served(typed("2", "constructor")), unknownMethod],
  ["a method called __proto__", served(typed("2", "__proto__")), unknownMethod],
  [
    "two methods, the last one counts",
    streamed(served(intBlock([[9, "nope"], [9, METHOD], [27, "2"]]))),
    echoed,
  ],
  ["no service: the method decides", streamed(header(typed("2"))), echoed],
  ["an empty service", streamed(header(stringBlock([["isn", ""]]), typed("2"))), echoed],
  ["an unknown service", header(stringBlock([["isn", "Nope"]]), typed("2")), unknownService],
  ["a service of 65,535 bytes", header(stringBlock([["isn", FULL]]), typed("2")), unknownService],
  ["a service that is no UTF-8", header(stringBlock([["isn", invalid]]), typed("2")), unknownService],
  [
    "a service of 65,535 bytes that are no UTF-8",
    header(stringBlock([["isn", new Uint8Array(0xffff).fill(0xff)]]), typed("2")),
    unknownService,
  ],
  ["a service called __proto__", header(stringBlock([["isn", "__proto__"]]), typed("2")), unknownService],
  ["a cancel path of commas", join(good.header(), good.rst(1, undefined, ",,,,")), ignored],
  ["a cancel path of 65,535 bytes", join(good.header(), good.rst(1, undefined, FULL)), ignored],
];

export const info: readonly Malformed[] = [
  ...group("info blocks", blocks),
  ...group("frame types", types),
  ...group("methods and services", names),
];
