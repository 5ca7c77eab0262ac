import { frame, good, join, METHOD, SERVICE, streamed, stringBlock, typed, uint } from "./bytes.ts";
import { closed, cut, echoed, group, ignored, type Line, type Malformed } from "./case.ts";

const data = good.data();
const header = join(stringBlock([["isn", SERVICE]]), typed("2"));
const opening = (parts: Parameters<typeof frame>[0]) => streamed(frame({ blocks: header, ...parts }));
const id = (streamId: number) => streamed(good.header(streamId), streamId);

/** Everything announced is small enough to be waited for, and has not come. */
const lengths: readonly Line[] = [
  ["length 0", frame({ length: 0 }), closed],
  ["length 1", frame({ length: 1 }), closed],
  ["length 4", frame({ length: 4 }), closed],
  ["length 9, one below the fixed part", frame({ length: 9 }), closed],
  ["length 10: the fixed part alone", frame({ length: 10 }), closed],
  ["a length that ends inside the header", frame({ length: 14 }), closed],
  [
    "a length one short: the next frame begins a byte late",
    join(frame({ length: data.length - 5 }), data),
    closed,
  ],
  [
    "a length one long: it takes a byte of the next frame",
    join(frame({ length: 4 + data.length }), data),
    closed,
  ],
  ["a length one beyond what comes", frame({ length: data.length }), cut],
  ["a length of 1 MiB, and nothing of it", frame({ length: 1 << 20 }), cut],
  ["a length of 16 MiB, just at the limit", frame({ length: 1 << 24 }), cut],
  ["a length of 16 MiB and a byte", frame({ length: (1 << 24) + 1 }), closed],
  ["512 MiB announced", frame({ length: 0x2000_0000 }), closed],
  ["2 GiB announced, the sign bit alone", frame({ length: 0x8000_0000 }), closed],
  ["a length of -1", frame({ length: 0xffff_ffff }), closed],
  ["a length written little-endian", join(uint(4, 0x2a00_0000), data.subarray(4)), closed],
];

/** A frame that stops: the connection is silent afterwards. */
const beginnings: readonly Line[] = [1, 2, 3, 4, 7, 8, 9, 12, 13, 14, 16, 20, data.length - 1].map((size) => [
  `the first ${size} bytes of a frame`,
  data.subarray(0, size),
  cut,
]);

const magics: readonly Line[] = [0x0000, 0x1001, 0x0010, 0x2000, 0x0fff, 0x8001, 0xffff].map((magic) => [
  `magic ${magic.toString(16).padStart(4, "0")}`,
  frame({ magic }),
  closed,
]);

const flags: readonly Line[] = [
  ["flags 0", frame({ flags: 0 }), closed],
  ["flags 1: not streaming", frame({ flags: 1 }), closed],
  ["flags 4: not streaming", frame({ flags: 4 }), closed],
  ["flags fffd: all but streaming", frame({ flags: 0xfffd }), closed],
  ["flags 3: streaming and another", opening({ flags: 3 }), echoed],
  ["flags ffff", opening({ flags: 0xffff }), echoed],
];

const headerSizes: readonly Line[] = [
  ["header size 0", frame({ headerSize: 0 }), closed],
  ["header size 1: no info", frame({ headerSize: 1 }), closed],
  ["header size one unit short", frame({ blocks: header, headerSize: 7 }), closed],
  ["header size beyond the frame", frame({ headerSize: 0x100 }), closed],
  ["header size ffff", frame({ headerSize: 0xffff }), closed],
  [
    "header size 7fff, with the bytes for it, all padding",
    opening({ blocks: join(header, new Uint8Array(131_000)) }),
    echoed,
  ],
  ["a header of 262,140 bytes of nothing but padding", frame({ blocks: new Uint8Array(262_138) }), closed],
];

const protocolIds: readonly Line[] = Array.from({ length: 0x16 }, (_, protocolId): Line => [
  `protocol id ${protocolId.toString(16).padStart(2, "0")}`,
  opening({ protocolId }),
  [0, 3, 4, 0x10, 0x11].includes(protocolId) ? echoed : closed,
]).concat([
  ["protocol id 7f", frame({ protocolId: 0x7f }), closed],
  ["protocol id ff", frame({ protocolId: 0xff }), closed],
]);

const transforms: readonly Line[] = [
  ["one transform, zlib", opening({ transforms: join(1, 1) }), echoed],
  ["three unknown transforms", opening({ transforms: join(3, 7, 8, 9) }), echoed],
  ["255 transforms, all there", opening({ transforms: join(255, new Uint8Array(255).fill(1)) }), echoed],
  ["255 transforms, none there", frame({ transforms: join(255) }), closed],
  ["transforms that eat up the info", frame({ transforms: uint(1, typed("3").length) }), closed],
];

const streamIds: readonly Line[] = [
  ["stream id 0", id(0), echoed],
  ["stream id -1", id(-1), echoed],
  ["stream id -2,147,483,648", id(-0x8000_0000), echoed],
  ["stream id 2,147,483,647", id(0x7fff_ffff), echoed],
  ["stream id 65,536", id(0x1_0000), echoed],
  ["Data for a stream id nobody opened", good.data(123_456), ignored],
];

export const frames: readonly Malformed[] = [
  ...group("lengths", lengths),
  ...group("beginnings", beginnings, { first: true }),
  ...group("magic", magics),
  ...group("flags", flags),
  ...group("header sizes", headerSizes),
  ...group(`protocol ids, on a Header of ${SERVICE}.${METHOD}`, protocolIds),
  ...group("transforms", transforms),
  ...group("stream ids", streamIds),
];
