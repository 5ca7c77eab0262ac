import { assertEquals } from "@std/assert";
import { fieldKey } from "../../src/thriftgen/field_key.ts";
import { methodName, methodNames, propertyKey, Scope } from "../../src/thriftgen/names.ts";
import { parse } from "../../src/idl/parser.ts";
import { Source } from "../../src/idl/source.ts";

const methods: readonly (readonly [string, string])[] = [
  ["chat", "chat"],
  ["SayHello", "sayHello"],
  ["sayHello", "sayHello"],
  ["say_hello", "sayHello"],
  ["say__hello_", "sayHello"],
  ["SAY_HELLO", "sayHello"],
  ["Say_HELLO", "sayHELLO"],
  ["ID", "id"],
  ["HTTPGet", "httpGet"],
  ["GetURL", "getURL"],
  ["getURL2", "getURL2"],
  ["A", "a"],
  ["V2", "v2"],
  ["x.y", "xY"],
  ["_2", "_2"],
  ["__", "_"],
  ["__proto__", "proto"],
];

for (const [name, expected] of methods) {
  Deno.test(`methodName makes ${name} ${expected}`, () => {
    assertEquals(methodName(name), expected);
  });
}

Deno.test("methodNames tells names apart that are the same in lowerCamelCase", () => {
  assertEquals(methodNames(["say_hello", "SayHello", "sayHello_"]), ["sayHello", "sayHello_", "sayHello__"]);
});

Deno.test("methodNames leaves a client that is no promise, and an implementation that can be a class", () => {
  assertEquals(methodNames(["then", "constructor", "Then"]), ["then_", "constructor_", "then__"]);
});

Deno.test("Scope puts underscores behind reserved words and names in use", () => {
  const scope = new Scope();
  const names = ["class", "class_", "Foo", "Foo", "a.b", "string", "await", "", "1"];
  assertEquals(names.map((name) => scope.add(name)), [
    "class_",
    "class__",
    "Foo",
    "Foo_",
    "a_b",
    "string_",
    "await_",
    "_",
    "_1",
  ]);
});

const keys: readonly (readonly [string, string])[] = [
  ["name", "name"],
  ["class", "class"],
  ["a.b", '"a.b"'],
  ["__proto__", '["__proto__"]'],
];

for (const [name, expected] of keys) {
  Deno.test(`propertyKey writes ${name} as ${expected}`, () => {
    assertEquals(propertyKey(name), expected);
  });
}

/** The fields of a definition, by the names that they have in TypeScript. */
function keysOf(idl: string): string[] {
  const [definition] = parse(new Source("a.thrift", idl)).definitions;
  if (definition?.kind !== "struct") throw new TypeError("expected a struct");
  return definition.fields.map(({ name }) => fieldKey(definition, name.text));
}

Deno.test("fieldKey changes the one name that no object can have, and makes no name of two", () => {
  const names = ["__proto__", "__proto___", "__proto", "prototype", "a.b"];
  assertEquals(keysOf(`struct A { ${names.map((name) => `i32 ${name}`).join(" ")} }`), [
    "__proto___",
    "__proto____",
    "__proto",
    "prototype",
    '"a.b"',
  ]);
});

Deno.test("fieldKey leaves an exception what every error has", () => {
  const names = ["name", "name_", "stack", "cause", "constructor", "message", "message_", "names"];
  const fields = (type: string) => names.map((name) => `${type} ${name}`).join(" ");
  const others = ["name_", "name__", "stack_", "cause_", "constructor_"];
  assertEquals(keysOf(`exception A { ${fields("string")} }`), [...others, "message", "message_", "names"]);
  assertEquals(keysOf(`exception A { ${fields("i32")} }`), [...others, "message_", "message__", "names"]);
  assertEquals(keysOf(`struct A { ${fields("i32")} }`), names);
});
