import { assertEquals, assertThrows } from "@std/assert";
import fc from "npm:fast-check@^4";
import { HpackEncoder } from "../../../src/http2/hpack/encoder.ts";
import type { HeaderField } from "../../../src/http2/hpack/field.ts";
import { HpackError } from "../../../src/http2/hpack/hpack_error.ts";
import { decoder, encode } from "./block.ts";

const bytes = (maxLength: number) =>
  fc.uint8Array({ maxLength }).map((codes) => String.fromCharCode(...codes));

/** Few names and values, so that fields come again, and some of any bytes. */
const name = fc.oneof(
  fc.constantFrom(":path", ":status", "content-type", "grpc-timeout", "authorization", "x-a", "x-b", "x-c"),
  bytes(20),
);
const value = fc.oneof(
  fc.constantFrom("", "/", "200", "application/grpc", "1S", "x".repeat(300), "y".repeat(1000)),
  fc.nat(40).map(String),
  bytes(200),
);
const block = fc.array(fc.tuple(name, value), { maxLength: 12 });

/** A connection's life: a limit, a block, or a block that fails. */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("block" as const), fields: block }) },
  fc.record({
    kind: fc.constant("limit" as const),
    size: fc.oneof(fc.constantFrom(0, 31, 100, 4096, 65_536), fc.nat(5000)),
  }),
  fc.record({ kind: fc.constant("failure" as const), fields: block }),
);

Deno.test("whatever is encoded comes back, through tables whose limits change and blocks that fail", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const encoder = new HpackEncoder();
      const hpack = decoder();
      for (const action of steps) {
        if (action.kind === "limit") encoder.limit(action.size);
        else if (action.kind === "block") {
          const decoded = hpack.decode(encode(encoder, action.fields));
          assertEquals(decoded, { fields: action.fields, tooLarge: false });
        } else {
          assertThrows(() => encode(encoder, [...action.fields, ["x-bad", "\u20ac"]]), RangeError);
        }
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("a decoder with small limits on lists keeps the same table as one without, and the fields that fit", () => {
  fc.assert(
    fc.property(fc.array(block, { maxLength: 20 }), fc.nat(3000), (blocks, maxHeaderListBytes) => {
      const encoder = new HpackEncoder();
      const hpack = decoder({ maxHeaderListBytes });
      for (const fields of blocks) {
        const fitting: HeaderField[] = [];
        let size = 0;
        for (const field of fields) {
          size += field[0].length + field[1].length + 32;
          if (size <= maxHeaderListBytes) fitting.push(field);
        }
        assertEquals(hpack.decode(encode(encoder, fields)), {
          fields: fitting,
          tooLarge: size > maxHeaderListBytes,
        });
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("random bytes are decoded, or are an HpackError", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 }), (blocks) => {
      const hpack = decoder({ maxHeaderListBytes: 500 });
      try {
        for (const bytes of blocks) {
          const { fields } = hpack.decode(new Uint8Array(bytes));
          const size = fields.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
          assertEquals(size <= 500, true);
        }
      } catch (error) {
        if (!(error instanceof HpackError)) throw error;
      }
    }),
    { numRuns: 2000 },
  );
});
