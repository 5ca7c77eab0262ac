import { assertEquals, assertThrows } from "@std/assert";
import type { MetadataInit } from "../../mod.ts";
import { headerMetadata, metainfoOf } from "../../src/ttheader/metadata.ts";
import { readMetadata } from "../../src/core/metadata.ts";

const good: { name: string; init: MetadataInit | undefined; entries: [string, string][] }[] = [
  { name: "nothing", init: undefined, entries: [] },
  { name: "a record", init: { a: "1", B: "" }, entries: [["a", "1"], ["B", ""]] },
  { name: "a Map", init: new Map([["a", "1"], ["A", "2"]]), entries: [["a", "1"], ["A", "2"]] },
  {
    name: "a record without a prototype",
    init: Object.assign(Object.create(null), { a: "1" }),
    entries: [["a", "1"]],
  },
  { name: "an empty key", init: { "": "v" }, entries: [["", "v"]] },
];

for (const { name, init, entries } of good) {
  Deno.test(`readMetadata reads ${name}`, () => assertEquals([...readMetadata(init, "metadata")], entries));
}

Deno.test("readMetadata reads any ReadonlyMap, not only a Map", () => {
  const inner = new Map([["a", "1"]]);
  const wrapper: ReadonlyMap<string, string> = {
    size: inner.size,
    get: (key) => inner.get(key),
    has: (key) => inner.has(key),
    forEach: (task) => inner.forEach(task),
    keys: () => inner.keys(),
    values: () => inner.values(),
    entries: () => inner.entries(),
    [Symbol.iterator]: () => inner[Symbol.iterator](),
  };
  assertEquals([...readMetadata(wrapper, "metadata")], [["a", "1"]]);
});

Deno.test("readMetadata gives a map of its own: later changes on either side do not show", () => {
  const init = new Map([["a", "1"]]);
  const read = readMetadata(init, "metadata");
  init.set("a", "2");
  read.set("b", "3");
  assertEquals([...read], [["a", "1"], ["b", "3"]]);
  assertEquals([...init], [["a", "2"]]);
});

// What a program without types may give; JSON hides it from the checker as it would come.
const bad: { name: string; init: MetadataInit; message: string }[] = [
  {
    name: "null",
    init: JSON.parse("null"),
    message: "metadata must be a Map or a record of strings, got null",
  },
  {
    name: "a string",
    init: JSON.parse('"a=b"'),
    message: 'metadata must be a Map or a record of strings, got "a=b"',
  },
  {
    name: "a number as a value",
    init: JSON.parse('{"k":1}'),
    message: 'metadata: the value of "k" is not a string but number',
  },
  {
    name: "null as a value",
    init: JSON.parse('{"k":null}'),
    message: 'metadata: the value of "k" is not a string but object',
  },
  {
    name: "an array",
    init: JSON.parse('["a"]'),
    message: "metadata must be a Map or a record of strings, got [object Array]",
  },
  {
    name: "an array of pairs",
    init: JSON.parse('[["a","b"]]'),
    message: "metadata must be a Map or a record of strings, got [object Array]",
  },
];

for (const { name, init, message } of bad) {
  Deno.test(`readMetadata refuses ${name} by name`, () => {
    assertEquals(assertThrows(() => readMetadata(init, "metadata"), TypeError).message, message);
  });
}

Deno.test("readMetadata refuses a key that is no string", () => {
  const map = new Map<string, string>();
  Reflect.apply(Map.prototype.set, map, [5, "v"]);
  assertThrows(
    () => readMetadata(map, "metainfo.transient"),
    TypeError,
    "metainfo.transient: the key 5 is not a string",
  );
});

Deno.test("metainfoOf finds the persistent and the transient keys, their case kept", () => {
  const metainfo = metainfoOf(
    new Map([
      ["isn", "Test"],
      ["RPC_PERSIST_Trace-Id", "t"],
      ["RPC_TRANSIT_user", "u"],
      ["RPC_TRANSIT_gdpr-token", "g"],
      ["rpc_persist_low", "x"],
      ["RPC_PERSIST_", "empty"],
      ["X_RPC_PERSIST_y", "y"],
    ]),
  );
  assertEquals([...metainfo.persistent], [["Trace-Id", "t"], ["", "empty"]]);
  assertEquals([...metainfo.transient], [["user", "u"], ["gdpr-token", "g"]]);
});

Deno.test("headerMetadata names the service", () => {
  assertEquals([...headerMetadata("Test", {})], [["isn", "Test"]]);
});

Deno.test("headerMetadata puts the call's metainfo over the parent's, and both over raw keys", () => {
  const header = headerMetadata("Test", {
    metadata: { raw: "r", RPC_PERSIST_a: "raw", RPC_TRANSIT_b: "raw", RPC_PERSIST_only: "raw" },
    parent: {
      metainfo: {
        persistent: new Map([["a", "parent"], ["c", "parent"]]),
        transient: new Map([["b", "parent"]]),
      },
    },
    metainfo: { persistent: { a: "own" } },
  });
  assertEquals(
    header,
    new Map([
      ["raw", "r"],
      ["RPC_PERSIST_only", "raw"],
      ["RPC_PERSIST_a", "own"],
      ["RPC_PERSIST_c", "parent"],
      ["RPC_TRANSIT_b", "parent"],
      ["isn", "Test"],
    ]),
  );
});

Deno.test("headerMetadata refuses a raw isn: the service is the one that is opened", () => {
  assertThrows(
    () => headerMetadata("Test", { metadata: { isn: "Other" } }),
    TypeError,
    'the key "isn" is the service\'s name',
  );
});

for (const field of ["persistent", "transient"] as const) {
  Deno.test(`headerMetadata names metainfo.${field} when it is wrong`, () => {
    assertThrows(
      () => headerMetadata("Test", { metainfo: { [field]: JSON.parse('{"k":5}') } }),
      TypeError,
      `metainfo.${field}: the value of "k" is not a string but number`,
    );
  });
}
