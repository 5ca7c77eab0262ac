import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import fc from "npm:fast-check@^4";
import { ByteBuffer, type Bytes } from "../../src/base/buffer.ts";
import { loopingStructReader, readers } from "../../src/thrift/decode.ts";
import { loopingStructWriter, writers } from "../../src/thrift/encode.ts";
import { Fault } from "../../src/thrift/errors.ts";
import { count, Input } from "../../src/thrift/input.ts";
import { ThriftError } from "../../src/thrift/mod.ts";
import { schemaAndMessage } from "./arbitrary.ts";
import { codecOf, type StructSchema, twinEncode } from "./twin.ts";

const writerOf = writers(loopingStructWriter);
const readerOf = readers(loopingStructReader);

Deno.test("random messages of random structs are written as the naive twin writes them", () => {
  fc.assert(fc.property(schemaAndMessage, ({ schema, message }) => {
    assertEquals(codecOf(schema).encode(message), twinEncode(schema, message));
  }));
});

Deno.test("random messages of random structs come back as they were", () => {
  fc.assert(fc.property(schemaAndMessage, ({ schema, message }) => {
    const codec = codecOf(schema);
    const payload = twinEncode(schema, message);
    const decoded = codec.decode(payload);
    // By their bytes: the elements of sets and the keys of maps are new objects.
    assertEquals(twinEncode(schema, decoded), payload);
    assertEquals(codec.encode(decoded), payload);
  }));
});

Deno.test("the codec that loops over fields, where code cannot be generated, does the same", () => {
  fc.assert(fc.property(schemaAndMessage, ({ schema, message }) => {
    const codec = codecOf(schema);
    const buffer = new ByteBuffer();
    writerOf(codec)(message, buffer, 0);
    const payload = buffer.toBytes();
    assertEquals(payload, twinEncode(schema, message));
    assertEquals(readerOf(codec)(new Input(payload), 0), codec.decode(payload));
  }));
});

Deno.test("a struct that knows only some of the fields reads those, and skips the others", () => {
  fc.assert(fc.property(schemaAndMessage, fc.nat(), ({ schema, message }, known) => {
    const all = { ...schema, kind: "struct" as const };
    // Each bit of `known` says whether a field is known.
    const some = { ...all, fields: all.fields.filter((_, i) => known >> i & 1) };
    const payload = twinEncode(all, message);
    assertEquals(twinEncode(some, codecOf(withoutZeros(some)).decode(payload)), twinEncode(some, message));
  }));
});

/** The same struct, with fields that are left out where they are absent. */
function withoutZeros(schema: StructSchema): StructSchema {
  return { ...schema, fields: schema.fields.map((field) => ({ ...field, requiredness: "optional" })) };
}

/** What one decoder says about a payload: a message, or an error. */
function outcome(decode: () => unknown): unknown {
  try {
    return decode();
  } catch (error) {
    if (error instanceof Fault) return { path: error.path, reason: error.reason };
    assertInstanceOf(error, ThriftError);
    return { path: error.path, reason: error.reason };
  }
}

const mutations = fc.array(
  fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }), cut: fc.boolean() }),
  { minLength: 1, maxLength: 4 },
);

Deno.test("a payload with random bytes changed decodes or is a ThriftError, the same in both codecs", () => {
  let errors = 0;
  fc.assert(
    fc.property(schemaAndMessage, mutations, ({ schema, message }, changes) => {
      const codec = codecOf(schema);
      let payload: Bytes = codec.encode(message);
      for (const { at, byte, cut } of changes) {
        payload[at % payload.length] = byte;
        if (cut && payload.length > 1) payload = payload.slice(0, 1 + at % (payload.length - 1));
      }
      const generated = outcome(() => codec.decode(payload));
      if (generated !== null && typeof generated === "object" && "reason" in generated) errors++;
      const looping = outcome(() => {
        const input = new Input(payload);
        const decoded = readerOf(codec)(input, 0);
        if (input.left > 0) throw new Fault(`${count(input.left, "byte")} after its end`);
        return decoded;
      });
      if (generated instanceof Error) throw generated;
      assertEquals(withoutName(looping), withoutName(generated));
    }),
    { numRuns: 1000 },
  );
  assert(errors > 200, `only ${errors} payloads were refused`);
});

/** The codec puts the struct's name before the path of a fault. */
function withoutName(outcome: unknown): unknown {
  if (outcome === null || typeof outcome !== "object" || !("path" in outcome)) return outcome;
  return { ...outcome, path: String(outcome.path).replace(/^Twin/, "") };
}

Deno.test("every payload that is cut short is a ThriftError", () => {
  fc.assert(fc.property(schemaAndMessage, ({ schema, message }) => {
    const codec = codecOf(schema);
    const payload = codec.encode(message);
    for (let size = 0; size < payload.length; size++) {
      assertThrows(() => codec.decode(payload.subarray(0, size)), ThriftError);
    }
  }));
});

Deno.test("random bytes decode or are a ThriftError", () => {
  fc.assert(
    fc.property(schemaAndMessage, fc.uint8Array({ maxLength: 64 }), ({ schema }, bytes) => {
      outcome(() => codecOf(schema).decode(new Uint8Array(bytes)));
    }),
    { numRuns: 1000 },
  );
});
