/** Random messages of a dynamic service have the bytes and the JSON of generated ones; random IDLs do no harm. */
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import fc from "npm:fast-check@^4";
import type { Bytes } from "../../src/base/buffer.ts";
import { IdlError, loadService, loadServices, ThriftError } from "../../src/dynamic/mod.ts";
import { valuesOf } from "../interop/thrift/arbitrary.ts";
import { Everything } from "../interop/thrift/gen/types.ts";

const every = new URL("../interop/dynamic/every.thrift", import.meta.url);
const readGolden = (path: string) =>
  Deno.readTextFile(new URL(`../thriftgen/golden/${path}`, import.meta.url));
const golden = await readGolden("everything.thrift");
const includes = {
  "shared.thrift": await readGolden("shared.thrift"),
  "more/shared.thrift": await readGolden("more/shared.thrift"),
};

Deno.test("random messages with every type have the bytes and the JSON of generated ones", () => {
  const { Repeat } = loadService(every, "Every", { methods: { Repeat: "server" } }).methods;
  fc.assert(fc.property(valuesOf(Everything, 4), (message) => {
    const payload: Bytes = Reflect.apply(Everything.encode, Everything, [message]);
    const decoded = Everything.decode(payload);
    const json = Everything.toJson(decoded);
    assertEquals(Repeat.request.decode(payload), json);
    // Two equal keys of a map, which objects in it make possible, are one in JSON.
    const again = Everything.encode(Everything.fromJson(json));
    assertEquals(Repeat.request.encode(json), again);
    assertEquals(Repeat.response.encode(json), again);
  }));
});

Deno.test("an IDL with random changes loads or is an IdlError that names a place", () => {
  const changes = fc.array(
    fc.record({
      at: fc.nat({ max: golden.length }),
      cut: fc.nat({ max: 30 }),
      text: fc.string({ maxLength: 4 }),
    }),
    { minLength: 1, maxLength: 3 },
  );
  const outcomes = { loaded: 0, refused: 0 };
  fc.assert(fc.property(changes, (all) => {
    let text = golden;
    for (const { at, cut, text: put } of all) text = text.slice(0, at) + put + text.slice(at + cut);
    try {
      for (const { methods } of loadServices(text, { includes }).values()) {
        for (const { request } of Object.values(methods)) useCodec(() => request.fromJson?.({}));
      }
      outcomes.loaded++;
    } catch (error) {
      if (!(error instanceof IdlError)) throw error;
      assert(/^[a-z/]+\.thrift:\d+:\d+: /.test(error.message), error.message);
      outcomes.refused++;
    }
  }));
  assert(outcomes.loaded > 5 && outcomes.refused > 20, JSON.stringify(outcomes));
});

function useCodec(use: () => void): void {
  try {
    use();
  } catch (error) {
    assertInstanceOf(error, ThriftError);
  }
}
