import { assertEquals, assertStrictEquals } from "@std/assert";
import { FrameType } from "../../src/ttheader/frame.ts";
import { hex, illegal, int32, readInfo, uint16 } from "../../src/ttheader/header_block.ts";
import { NO_METADATA } from "../../src/core/metadata.ts";
import { streamErrorThrown } from "../support/failures.ts";
import { fromHex } from "../support/hex.ts";

/** Reads `block` from the middle of other bytes, which must make no difference. */
function read(block: string) {
  const bytes = fromHex(`eeee${block.replaceAll(/\s/g, "")}eeee`);
  return readInfo(bytes, 2, bytes.length - 2);
}

const TYPE = "001b 0001 33";
const INTS = `10 0001 ${TYPE}`;

const rows: {
  name: string;
  block: string;
  method?: string;
  metadata?: Record<string, string>;
  type?: number;
}[] = [
  { name: "a frame type alone", block: `10 00 ${INTS}` },
  { name: "method and type, in this order", block: `10 00 10 0002 0009 0002 4162 ${TYPE}`, method: "Ab" },
  { name: "type and method, in that order", block: `10 00 10 0002 ${TYPE} 0009 0002 4162`, method: "Ab" },
  { name: "unknown int keys, which are skipped", block: `10 00 10 0003 0007 0001 78 ${TYPE} ffff 0000` },
  { name: "two blocks of ints", block: `10 00 ${INTS} 10 0001 0009 0001 41`, method: "A" },
  {
    name: "string pairs",
    block: `10 00 01 0002 0001 61 0001 31 0001 62 0000 ${INTS}`,
    metadata: { a: "1", b: "" },
  },
  {
    name: "two blocks of strings, the later pair winning",
    block: `10 00 01 0001 0001 61 0001 31 ${INTS} 01 0001 0001 61 0001 32`,
    metadata: { a: "2" },
  },
  { name: "an empty block of strings", block: `10 00 01 0000 ${INTS}` },
  {
    name: "an ACL token",
    block: `10 00 11 0003 746f6b ${INTS}`,
    metadata: { "RPC_TRANSIT_gdpr-token": "tok" },
  },
  {
    name: "an ACL token of no bytes",
    block: `10 00 11 0000 ${INTS}`,
    metadata: { "RPC_TRANSIT_gdpr-token": "" },
  },
  { name: "padding before, between and behind the blocks", block: `10 00 0000 01 0000 00 ${INTS} 000000` },
  { name: "transform ids, which are skipped", block: `10 02 0102 ${INTS}` },
  { name: "UTF-8", block: `10 00 01 0001 0002 c3a4 0004 f09f9982 ${INTS}`, metadata: { "ä": "🙂" } },
  {
    name: "a byte order mark, which is kept",
    block: `10 00 01 0001 0001 61 0003 efbbbf ${INTS}`,
    metadata: { a: "\ufeff" },
  },
  {
    name: "bytes that are no UTF-8, as replacement characters",
    block: `10 00 01 0001 0001 61 0001 ff ${INTS}`,
    metadata: { a: "\ufffd" },
  },
  ...["00", "03", "04", "10", "11"].map((id) => ({ name: `protocol id 0x${id}`, block: `${id} 00 ${INTS}` })),
  ...Object.entries(FrameType).map(([name, type]) => ({
    name: `the type ${name}`,
    block: `10 00 10 0001 001b 0001 ${type.toString(16)}`,
    type,
  })),
];

for (const { name, block, method = "", metadata = {}, type = FrameType.Data } of rows) {
  Deno.test(`readInfo reads ${name}`, () => {
    const info = read(block);
    assertEquals<unknown[]>([info.type, info.method], [type, method]);
    assertEquals(new Map(info.metadata), new Map(Object.entries(metadata)));
  });
}

Deno.test("readInfo gives every frame without strings the same empty map", () => {
  assertStrictEquals(read(`10 00 ${INTS}`).metadata, NO_METADATA);
});

const unreadable = (why: string, shown: string) =>
  `ttHeader read kv info failed, ${why}, headerInfo=0x${shown.replaceAll(/\s/g, "")}`;
const refusals: { name: string; block: string; description: string }[] = [
  ...["01", "02", "05", "0f", "12", "ff"].map((id) => ({
    name: `protocol id 0x${id}`,
    block: `${id} 00 ${INTS}`,
    description: `unsupported ProtocolID[${parseInt(id, 16)}]`,
  })),
  {
    name: "more transforms than bytes",
    block: "10 03 0102",
    description: "need read 3 transformIDs, but not enough",
  },
  {
    name: "255 transforms",
    block: `10 ff ${INTS}`,
    description: "need read 255 transformIDs, but not enough",
  },
  {
    // 21,846 times 0xff: each reads as U+FFFD, three bytes.
    name: "a method that grows beyond what an answer can name",
    block: `10 00 10 0002 ${TYPE} 0009 5556 ${"ff".repeat(0x5556)}`,
    description: "method of 65538 bytes as UTF-8 exceeds the limit of 65535 bytes",
  },
  {
    name: "an unknown block",
    block: "10 00 02 00",
    description: unreadable("invalid infoIDType[0x2]", "10000200"),
  },
  {
    name: "the unknown block 0xff",
    block: "10 00 ff",
    description: unreadable("invalid infoIDType[0xff]", "1000ff"),
  },
  {
    name: "an int block without its count",
    block: "10 00 10 00",
    description: unreadable("error reading int kv info size: EOF", "10001000"),
  },
  {
    name: "an int block with too few pairs",
    block: `10 00 10 0002 ${TYPE}`,
    description: unreadable("error reading int kv info: EOF", `10 00 10 0002 ${TYPE}`),
  },
  {
    name: "an int value beyond the header",
    block: "10 00 10 0001 001b 0002 33",
    description: unreadable("error reading int kv info: EOF", "10001000 01001b0002 33"),
  },
  {
    name: "a string block without its count",
    block: "10 00 01",
    description: unreadable("error reading str kv info size: EOF", "100001"),
  },
  {
    name: "65,535 string pairs that are not there",
    block: "10 00 01 ffff 0000 0000",
    description: unreadable("error reading str kv info: EOF", "10 00 01 ffff 0000 0000"),
  },
  {
    name: "a string key beyond the header",
    block: "10 00 01 0001 0005 61",
    description: unreadable("error reading str kv info: EOF", "10 00 01 0001 0005 61"),
  },
  {
    name: "a string value beyond the header",
    block: "10 00 01 0001 0001 61 ffff 31",
    description: unreadable("error reading str kv info: EOF", "10 00 01 0001 0001 61 ffff 31"),
  },
  {
    name: "an ACL token beyond the header",
    block: "10 00 11 0004 746f6b",
    description: unreadable("error reading acl token: EOF", "10 00 11 0004 746f6b"),
  },
  { name: "no frame type", block: "10 00 00 00", description: "unexpected frame type: " },
  { name: "an empty frame type", block: "10 00 10 0001 001b 0000", description: "unexpected frame type: " },
  { name: "the frame type 0", block: "10 00 10 0001 001b 0001 30", description: "unexpected frame type: 0" },
  { name: "the frame type 6", block: "10 00 10 0001 001b 0001 36", description: "unexpected frame type: 6" },
  {
    name: "the frame type 33",
    block: "10 00 10 0001 001b 0002 3333",
    description: "unexpected frame type: 33",
  },
];

for (const { name, block, description } of refusals) {
  Deno.test(`readInfo refuses ${name} with 12004`, () => {
    const error = streamErrorThrown(() => read(block));
    assertEquals([error.code, error.side, error.description], [12004, undefined, description]);
  });
}

Deno.test("readInfo shows no more than 64 bytes of a header that it cannot read", () => {
  const error = streamErrorThrown(() => read(`10 00 ${"00".repeat(100)} 02`));
  assertEquals(error.description, `${unreadable("invalid infoIDType[0x2]", `1000${"00".repeat(62)}`)}…`);
});

Deno.test("illegal makes a 12004 without a side: it fails the connection", () => {
  assertEquals(illegal("no frame").message, "[ttstream error, code=12004] no frame");
});

Deno.test("hex prints bytes as Go's %#x does", () => {
  assertEquals(hex(fromHex("00 0a ff 10"), 0, 3), "0x000aff");
  assertEquals(hex(fromHex("00"), 0, 0), "0x");
});

Deno.test("uint16 and int32 are big-endian, the second signed", () => {
  const bytes = fromHex("ff 80000001 fffe");
  assertEquals(uint16(bytes, 5), 0xfffe);
  assertEquals(int32(bytes, 1), -(2 ** 31) + 1);
});
