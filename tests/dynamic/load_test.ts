/** Services from IDLs at run time: how IDLs are found, what is wrong with them, and what the services are. */
import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import {
  DynamicException,
  IdlError,
  loadService,
  loadServices,
  selectMethods,
  ThriftError,
} from "../../src/dynamic/mod.ts";
import * as everything from "../thriftgen/golden/generated/everything.ts";

const golden = new URL("../thriftgen/golden/everything.thrift", import.meta.url);

const CHAT = `struct Question { 1: string text }
struct Word { 1: string text; 2: optional i64 at }
service Chat {
  Word Ask(1: Question question) (streaming.mode = "server")
  Word Tell(1: Word word) (streaming.mode = "client")
  Word Talk(1: Word word) (streaming.mode = "bidirectional")
  i64 Count()
  oneway void Forget(1: i64 a, 2: Word b)
}`;

Deno.test("a service has the methods of its IDL by their names, and their kinds", () => {
  const Chat = loadService(CHAT, "Chat");
  assertEquals(Chat.name, "Chat");
  assertEquals(
    Object.entries(Chat.methods).map(([name, { kind, oneway }]) => [name, kind, oneway ?? false]),
    [
      ["Ask", "server", false],
      ["Tell", "client", false],
      ["Talk", "bidirectional", false],
      ["Count", "unary", false],
      ["Forget", "unary", true],
    ],
  );
});

Deno.test("the name of a service may be left out where there is one", () => {
  assertEquals(loadService(CHAT).name, "Chat");
  assertThrows(() => loadService(`${CHAT} service Other {}`), TypeError, "one of the services Chat, Other");
  assertThrows(
    () => loadService("struct A {}"),
    TypeError,
    "idl.thrift: expected the service to be loaded, found none",
  );
  assertThrows(
    () => loadService(CHAT, "Chad"),
    TypeError,
    "idl.thrift: expected the service Chad, found Chat",
  );
});

Deno.test("an IDL is a file by its path or URL, and so is what it includes", async () => {
  assertEquals([...loadServices(golden).keys()], ["Chat", "Calls", "Idle"]);
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/sub dir`);
    await Deno.writeTextFile(`${folder}/a.thrift`, `include "sub dir/b.thrift"\nservice A extends b.B {}`);
    await Deno.writeTextFile(`${folder}/sub dir/b.thrift`, "service B { void f() }");
    for (const idl of [`${folder}/a.thrift`, new URL(`file://${folder}/a.thrift`)]) {
      assertEquals(Object.keys(loadService(idl, "A").methods), ["f"]);
    }
    assertEquals(
      Object.keys(
        loadService('include "b.thrift"\nservice A extends b.B {}', "A", {
          includeDirs: [`${folder}/sub dir`],
        }).methods,
      ),
      ["f"],
    );
    assertThrows(() => loadService(`${folder}/none.thrift`), Error, "none.thrift: no such file");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("included files are given as texts", () => {
  const service = loadService('include "./base/b.thrift"\nservice A extends b.B { b.S g(1: b.S s) }', "A", {
    includes: {
      "base/b.thrift": 'include "c.thrift"\nstruct S { 1: c.T t }\nservice B { void f() }',
      "base/c.thrift": "typedef i64 T",
    },
  });
  assertEquals(Object.keys(service.methods), ["f", "g"]);
  assertEquals(service.methods.g?.request.fromJson?.({ t: 5 }), { t: "5" });
});

Deno.test("where texts are given for what text includes, no file is read", () => {
  const path = new URL("../thriftgen/golden/shared.thrift", import.meta.url).pathname;
  const idl = `include "${path}"\nservice A {}`;
  assertEquals(loadService(idl).name, "A");
  assertThrows(
    () => loadService(idl, "A", { includes: {} }),
    IdlError,
    "idl.thrift:1:9: expected a file: there is no",
  );
});

Deno.test("what is wrong with an IDL is said with its place, in the text and in included files", () => {
  const error = assertThrows(() => loadService("service A {\n  void f(1: B b)\n}"), IdlError);
  assertEquals(
    error.message,
    "idl.thrift:2:13: expected a type: B is not defined\n  void f(1: B b)\n            ^",
  );
  assertThrows(
    () => loadService('include "b.thrift"\nservice A {}', "A", { includes: { "b.thrift": "struct {" } }),
    IdlError,
    "b.thrift:1:8: expected",
  );
  assertThrows(
    () => loadService('include "none.thrift"\nservice A {}'),
    IdlError,
    "idl.thrift:1:9: expected a file: there is no none.thrift",
  );
  assertThrows(
    () => loadService("service A { void f() throws (1: i32 i) }"),
    IdlError,
    "expected an exception",
  );
});

Deno.test("wrong arguments are refused by name", () => {
  const anything = (...args: unknown[]): unknown => Reflect.apply(loadService, undefined, args);
  assertThrows(() => anything(5), TypeError, "idl must be text, a path or a URL, got 5");
  assertThrows(() => anything(new URL("https://example.com/a.thrift")), TypeError, "idl must be a file: URL");
  assertThrows(
    () => anything(CHAT, "Chat", { i64: "bigint" }),
    TypeError,
    'i64 must be "string" or "number"',
  );
  assertThrows(
    () => anything(CHAT, "Chat", { enums: 5 }),
    TypeError,
    'enums must be "name" or "number", got 5',
  );
  assertThrows(() => anything(CHAT, "Chat", { unknownFields: true }), TypeError, "unknownFields must be");
});

Deno.test("the methods that are wanted are checked, and no others are there", () => {
  const Chat = loadService(CHAT, "Chat", { methods: { Ask: "server", Count: "unary" } });
  assertEquals(Object.keys(Chat.methods), ["Ask", "Count"]);
  const kind: "server" = Chat.methods.Ask.kind;
  assertEquals(kind, "server");
  const all = loadService(CHAT);
  assertEquals(Object.keys(selectMethods(all, { Talk: "bidirectional" }).methods), ["Talk"]);
  assertThrows(() => selectMethods(all, { Ask: "unary" }), TypeError, 'Chat.Ask is "server", not "unary"');
  assertThrows(
    () => selectMethods(all, { ask: "server" }),
    TypeError,
    'Chat has no method "ask", only Ask, Tell',
  );
  assertThrows(() => selectMethods(all, { toString: "unary" }), TypeError, 'no method "toString"');
});

Deno.test("names that mean something to JavaScript get an underscore, and stay what they are on the wire", () => {
  const { methods } = loadService(
    "service A { void then() void then_() void __proto__() void constructor() }",
  );
  assertEquals(Object.entries(methods).map(([name, { name: wire }]) => [name, wire]), [
    ["then_", "then"],
    ["then__", "then_"],
    ["__proto___", "__proto__"],
    ["constructor", undefined],
  ]);
});

Deno.test("messages have the bytes of generated ones, and their JSON", () => {
  const { methods } = loadService(golden, "Chat", {
    methods: { UPLOAD_ALL: "client", list_extras: "server" },
  });
  const { AllTypes, Point } = everything;
  const message = AllTypes.create({
    ...{ b: true, y: -1, l: 5n, d: NaN, s: "é", bytes: Uint8Array.of(1, 2), numbers: new Set([1, 2]) },
    deep: new Map([["k", [new Set([1n])]]]),
    color: everything.Color.BLUE,
    atlas: [new Map([[1n, Point.create({ weights: new Map([[1n, 0.5]]) })]])],
    content: { tree: { value: "v", children: [] } },
    __proto___: "own",
  });
  const json = AllTypes.toJson(message);
  const payload = AllTypes.encode(message);
  assertEquals(methods.UPLOAD_ALL.request.encode(json), payload);
  assertEquals(methods.UPLOAD_ALL.request.decode(payload), json);
  assertEquals(
    methods.UPLOAD_ALL.response.decode(Point.encode(everything.ORIGIN)),
    Point.toJson(everything.ORIGIN),
  );
  // Absent fields have the defaults of the IDL.
  const empty = everything.Empty.encode({});
  assertEquals(
    methods.UPLOAD_ALL.request.fromJson?.({ levels: [] }),
    AllTypes.toJson(AllTypes.create({ levels: [] })),
  );
  assertThrows(
    () => methods.list_extras.request.encode({ nothing: 1 }),
    ThriftError,
    'Base: has no field "nothing"',
  );
  assertEquals(methods.list_extras.request.decode(empty), { id: "", extra: { extra: {} } });
});

Deno.test("unary methods have the bytes of generated ones", () => {
  const { methods } = loadService(golden, "Calls");
  const { add, choose, bytes } = everything.Calls.methods;
  assertEquals(methods.add?.request.encode({ a: "1", b: 2 }), add.request.encode({ a: 1n, b: 2n }));
  assertEquals(methods.add?.request.encode({ a: 1 }), add.request.encode({ a: 1n, b: everything.BIG }));
  assertEquals(methods.add?.response.encode("7"), add.response.encode(7n));
  assertEquals(methods.choose?.request.encode({ text: "a" }), choose.request.encode({ text: "a" }));
  assertEquals(methods.bytes?.response.encode("AQI="), bytes.response.encode(Uint8Array.of(1, 2)));
  assertEquals(methods.aMethodWithALongNameThatLeavesNoRoom?.response.encode(null), Uint8Array.of(0));
});

Deno.test("messages look as options say", () => {
  const idl = "enum E { A }\nstruct S { 1: i64 i; 2: E e }\nservice A { S f(1: S s) }";
  const numbers = loadService(idl, "A", { i64: "number", enums: "number" }).methods.f?.request;
  assertEquals(numbers?.fromJson?.({ i: "5", e: "A" }), { i: 5, e: 0 });
  assertEquals(numbers?.toJson?.({ i: "5", e: "A" }, { i64: "string" }), { i: "5", e: 0 });
  const lenient = loadService(idl, "A", { unknownFields: "skip" }).methods.f?.request;
  assertEquals(lenient?.fromJson?.({ i: "5", x: 1 }), { i: "5", e: "A" });
  const strict = loadService(idl, "A").methods.f?.request;
  assertThrows(() => strict?.fromJson?.({ i: "5", x: 1 }), ThriftError, 'f.args.s: has no field "x"');
});

Deno.test("exceptions are made by name, checked, and have the bytes of generated ones", () => {
  const Calls = loadService(golden, "Calls");
  const failure = Calls.exception("Failure", { message: "no such room" });
  assertEquals([String(failure), failure.fields], ["Failure: no such room", {
    message: "no such room",
    code: 0,
  }]);
  assertInstanceOf(failure, DynamicException);
  const { response, throws } = Calls.methods.add ?? {};
  assertEquals(throws?.map((each) => failure instanceof each), [true, false]);
  const payload = new Uint8Array(Reflect.apply(response?.encode ?? Array, response, [failure]));
  const generated = everything.Calls.methods.add.response;
  const error = assertThrows(() => generated.decode(payload), everything.Failure, "no such room");
  assertEquals(error.code, 0);
  const again = assertThrows(() => response?.decode(payload), DynamicException);
  assertEquals([again.name, again.message, again.fields], ["Failure", "no such room", failure.fields]);
  assertEquals(Calls.exception("Error").message, "");
  assertThrows(
    () => Calls.exception("Failure", { code: "x" }),
    ThriftError,
    "Failure.code: expected an integer",
  );
  assertThrows(
    () => Calls.exception("Fail"),
    TypeError,
    "no method of Calls throws Fail, only Failure, Error, Odd,",
  );
});

Deno.test("exceptions of one name in two files are told apart by their files", () => {
  const service = loadService(
    'include "b.thrift"\nexception X { 1: i32 a }\nservice A { void f() throws (1: X x, 2: b.X y) }',
    "A",
    { includes: { "b.thrift": "exception X { 1: string b }" } },
  );
  assertEquals(service.exception("idl.X", { a: 1 }).message, "a: 1");
  assertEquals(service.exception("b.X", { b: "c" }).message, 'b: "c"');
  assertThrows(() => service.exception("X"), TypeError, "throws X, only idl.X, b.X");
});

Deno.test("a struct that holds itself, and structs that hold each other, are loaded", () => {
  const { methods } = loadService(`struct Tree { 1: i32 value; 2: list<Tree> children; 3: Tree next }
    struct Ping { 1: Pong pong } struct Pong { 1: Ping ping }
    service A { Tree f(1: Tree tree) Ping g(1: Ping ping) }`);
  const tree = { value: 1, children: [{ value: 2, children: [] }], next: { value: 3, children: [] } };
  const codec = methods.f?.request;
  assertEquals(codec?.decode(new Uint8Array(codec.encode(tree))), tree);
  assertEquals(methods.g?.request.fromJson?.({ pong: { ping: {} } }), { pong: { ping: {} } });
});
