import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { ByteBuffer } from "../../mod.ts";
import { writeFrame } from "../support/write_frame.ts";
import { FrameType, NO_PAYLOAD } from "../../src/ttheader/frame.ts";
import { ttheaderDialect } from "../../src/ttheader/dialect.ts";
import { SendableMetadata } from "../../src/core/sendable_metadata.ts";

/** The largest string that a frame can carry. */
const LONGEST = "x".repeat(65_535);

Deno.test("SendableMetadata is a Map until it has been sent", () => {
  const header = new SendableMetadata("header", ttheaderDialect.metadataLimits("Echo"));
  assertInstanceOf(header, Map);
  assertEquals(header.set("a", "1").set("b", "2").delete("a"), true);
  assertEquals([...header], [["b", "2"]]);
  header.clear();
  assertEquals(header.size, 0);
});

const changes: { name: string; change: (metadata: SendableMetadata) => unknown }[] = [
  { name: "set", change: (metadata) => metadata.set("a", "2") },
  { name: "set of a new key", change: (metadata) => metadata.set("b", "2") },
  { name: "delete", change: (metadata) => metadata.delete("a") },
  { name: "delete of a key that is not there", change: (metadata) => metadata.delete("b") },
  { name: "clear", change: (metadata) => metadata.clear() },
];

for (const { name, change } of changes) {
  Deno.test(`SendableMetadata refuses ${name} once it has been sent, and stays as it was`, () => {
    const trailer = new SendableMetadata("trailer", ttheaderDialect.metadataLimits("Echo")).set("a", "1");
    trailer.seal();
    assertThrows(() => change(trailer), TypeError, "the trailer has been sent and cannot be changed");
    assertEquals([...trailer], [["a", "1"]]);
  });
}

Deno.test("SendableMetadata refuses what is no string, by name", () => {
  const header = new SendableMetadata("header", ttheaderDialect.metadataLimits("Echo"));
  assertThrows(
    () => header.set("k", JSON.parse("5")),
    TypeError,
    'header: the value of "k" is not a string but number',
  );
  assertThrows(() => header.set(JSON.parse("5"), "v"), TypeError, "header: the key 5 is not a string");
  assertEquals(header.size, 0);
});

Deno.test("SendableMetadata refuses a key or value over 65,535 bytes, counted as UTF-8", () => {
  const header = new SendableMetadata("header", ttheaderDialect.metadataLimits("Echo"));
  const message = (key: string) => `the header: "${key}" has 65536 bytes, the limit is 65535 bytes`;
  assertThrows(() => header.set("k", `${LONGEST}x`), RangeError, message("k"));
  assertThrows(() => header.set("k", "é".repeat(32_768)), RangeError, message("k"));
  assertThrows(() => header.set(`${LONGEST}x`, ""), RangeError, message(`${"x".repeat(64)}…`));
  header.set(LONGEST, LONGEST);
  assertEquals(header.size, 1);
});

Deno.test("SendableMetadata refuses what would not fit into one frame, and takes what fits", () => {
  const method = "é".repeat(10);
  const metadata = new SendableMetadata("trailer", ttheaderDialect.metadataLimits(method));
  for (const key of ["a", "b", "c"]) metadata.set(key, LONGEST);
  const full = new Map(metadata);
  assertThrows(
    () => metadata.set("d", LONGEST),
    RangeError,
    "the trailer of 262160 bytes exceeds the limit of 262100 bytes",
  );
  assertEquals(new Map(metadata), full);
  // The largest value that is taken makes a frame that can be written.
  let size = 65_535;
  for (;; size--) {
    try {
      metadata.set("d", "x".repeat(size));
      break;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }
  assertEquals(size > 65_400, true);
  writeFrame(new ByteBuffer(), {
    type: FrameType.Trailer,
    streamId: 1,
    method,
    metadata,
    payload: NO_PAYLOAD,
  });
});

Deno.test("SendableMetadata gives room back for what is replaced, deleted or cleared", () => {
  const metadata = new SendableMetadata("header", ttheaderDialect.metadataLimits("Echo"));
  const fill = () => {
    for (const key of ["a", "b", "c"]) metadata.set(key, LONGEST);
  };
  fill();
  fill();
  metadata.delete("a");
  metadata.delete("a");
  metadata.set("d", LONGEST);
  assertThrows(() => metadata.set("a", LONGEST), RangeError);
  metadata.clear();
  fill();
  assertEquals(metadata.size, 3);
});
