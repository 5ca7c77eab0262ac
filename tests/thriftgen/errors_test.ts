/**
 * What the generator refuses, and the place that it points at. Nearly all of it thriftgo or Kitex refuse, too. Of the
 * rest they make Go code that does not compile (numbers that do not fit, constants and services made of themselves,
 * constants of another type), or that means something else: an empty container for `5`, the id 0 for `0x1`. A union
 * and a struct that holds itself have no zero value here, where Go has nil: a constant must give them where required.
 */
import { assertEquals } from "@std/assert";
import { errorsOf } from "./support.ts";

/** One IDL, and what is said about it: `LINE:COL: message`. */
const files: readonly (readonly [string, ...string[]])[] = [
  // Syntax.
  ["struct A { 1: i32 }", "1:19: expected the name of the field, found `}`"],
  ["struct A {\n\t1: i32 a,\n", "3:1: expected a field or `}`, found the end of the file"],
  ["struct A { 1 i32 a }", "1:14: expected `:`, found `i32`"],
  ["struct { }", "1:8: expected the name of the struct, found `{`"],
  ["struct A { 0x1: i32 a }", "1:12: expected a decimal field id, found `0x1`"],
  [
    "struct A { 1: A & a }",
    "1:17: expected the name of the field: there is no `&`, structs may hold themselves",
  ],
  ["struct A xsd_all { }", "1:10: expected `{`: there is no `xsd_all`"],
  [
    "struct A {};",
    "1:12: expected `const`, `typedef`, `enum`, `struct`, `union`, `exception` or `service`, found `;`",
  ],
  ["struct A {} (a)", "1:15: expected `=`, found `)`"],
  ["struct A {} (a = b)", "1:18: expected the annotation's value in quotes, found `b`"],
  ["struct A {} (1 = 'b')", "1:14: expected the name of an annotation or `)`, found `1`"],
  [
    "typedef i32 A;",
    "1:14: expected `const`, `typedef`, `enum`, `struct`, `union`, `exception` or `service`, found `;`",
  ],
  ["typedef list<i32 A", "1:18: expected `>`, found `A`"],
  ["typedef map<i32> A", "1:16: expected `,`, found `>`"],
  ["typedef list A", "1:14: expected `<`, found `A`"],
  ["const i32 A", "1:12: expected `=`, found the end of the file"],
  ["const i32 A =", "1:14: expected a value, found the end of the file"],
  ["const i32 A = }", "1:15: expected a value, found `}`"],
  ["const map<i32, i32> A = {1, 2}", "1:27: expected `:`, found `,`"],
  ["const i32 A = 08", "1:15: expected octal digits after a leading zero, found `08`"],
  ["const i32 A = 0xfg", "1:15: expected hexadecimal digits after `0x`, found `0xfg`"],
  ["const i64 A = 9223372036854775808", "1:15: expected an integer of 64 bits, found `9223372036854775808`"],
  ["enum A { B = 'x' }", "1:14: expected an integer, found `'x'`"],
  ["enum A { 1 }", "1:10: expected the name of a value or `}`, found `1`"],
  ["senum A { 'b' }", "1:1: expected `enum`: there is no `senum`"],
  ["service S { async void f() }", "1:13: expected `oneway`: there is no `async`"],
  ["service S { void f( }", "1:21: expected a field or `)`, found `}`"],
  ["service S { 1 }", "1:13: expected the type of a method's result or `}`, found `1`"],
  ["service S extends { }", "1:19: expected the service that it extends, found `{`"],
  ["include base", "1:9: expected the path of an IDL in quotes, found `base`"],
  ["struct A {}\ninclude 'b.thrift'", "2:1: expected `include` before the first definition"],
  ["struct A {}\nnamespace go x", "2:1: expected `namespace` before the first definition"],
  ["namespace 'go' x", "1:11: expected a language or `*`, found `'go'`"],
  [
    "cpp_namespace x",
    "1:1: expected `const`, `typedef`, `enum`, `struct`, `union`, `exception` or `service`, found `cpp_namespace`",
  ],
  [`typedef ${"list<".repeat(70)}i32${">".repeat(70)} A`, "1:334: expected at most 64 types in each other"],
  [`const i32 A = ${"[".repeat(70)}`, "1:80: expected at most 64 values in each other"],
  ['struct A { 1: string a = "open }', '1:26: expected a closing " before the end of the file'],
  // Names.
  ["struct A {}\nenum A {}", "2:6: expected another name in this file: A is on line 1 already"],
  ["struct A { 1: i32 a\n 2: i32 a }", "2:9: expected another field: a is on line 1 already"],
  ["enum A { B, B = 5 }", "1:13: expected another value of A: B is on line 1 already"],
  ["service S { void f() void f() }", "1:27: expected another method of S: f is on line 1 already"],
  ["struct A { 1: B b }", "1:15: expected a type: B is not defined"],
  ["struct A { 1: base.B b }", "1:15: expected a type: base.B is not defined"],
  ["struct A { 1: uuid b }", "1:15: expected a type: Kitex's Thrift has no `uuid`"],
  ["struct A { 1: slist b }", "1:15: expected a type: there is no `slist`, it was a `string`"],
  ["const i32 C = 1\nstruct A { 1: C c }", "2:15: expected a type: C is a const"],
  ["service S {}\nstruct A { 1: list<S> s }", "2:20: expected a type: S is a service"],
  ["typedef A B\ntypedef B A", "1:9: expected a type that is not made of itself: A"],
  ["typedef list<A> A", "1:14: expected a type that is not made of itself: A"],
  ["service S extends T {}", "1:19: expected a service: T is not defined"],
  ["struct T {}\nservice S extends T {}", "2:19: expected a service: T is not defined"],
  [
    "service S extends T {}\nservice T extends S {}",
    "1:19: expected a service that does not extend itself: T",
    "2:19: expected a service that does not extend itself: S",
  ],
  [
    "service S { X f(1: Y y) throws (1: Z z) }",
    "1:13: expected a type: X is not defined",
    "1:20: expected a type: Y is not defined",
    "1:36: expected a type: Z is not defined",
  ],
  // Numbers.
  ["struct A { 1: i32 a, 1: i32 b }", "1:22: expected another field id than 1, which a has"],
  ["struct A { 2: i32 a, 1: i32 b, i32 c }", "1:36: expected another field id than 2, which a has"],
  ["struct A { 32768: i32 a }", "1:12: expected a field id of 16 bits, found 32768"],
  ["enum A { B = 1, C = 1 }", "1:21: expected another value than 1, which B has"],
  ["enum A { B = 2147483647, C }", "1:26: expected an integer of 32 bits, found 2147483648"],
  ["const byte A = 128", "1:16: expected an integer of 8 bits, found 128"],
  ["const i16 A = -32769", "1:15: expected an integer of 16 bits, found -32769"],
  ["const i32 A = 0x80000000", "1:15: expected an integer of 32 bits, found 2147483648"],
  ["enum C { R }\nconst C A = 4294967296", "2:13: expected an integer of 32 bits, found 4294967296"],
  // Values.
  ["const i32 A = 'x'", "1:15: expected a value of type i32, found a string"],
  ["const i32 A = 1.5", "1:15: expected a value of type i32, found 1.5"],
  ["const bool A = 'x'", "1:16: expected a value of type bool, found a string"],
  ["const double A = []", "1:18: expected a value of type double, found a list"],
  ["const string A = 1", "1:18: expected a value of type string, found 1"],
  ["const string A = true", "1:18: expected a value of type string, found true"],
  ["const string A = '\\xff'", "1:18: expected text that is UTF-8, or the type binary"],
  ["const string A = '\\ud83d\\ude00'", "1:18: expected text that is UTF-8, or the type binary"],
  ["const binary A = {'a': 1}", "1:18: expected a value of type binary, found a map"],
  ["const list<i32> A = 1", "1:21: expected a value of type list<i32>, found 1"],
  [
    "const list<i32> A = [1, 'x',\n 'y']",
    "1:25: expected a value of type i32, found a string",
    "2:2: expected a value of type i32, found a string",
  ],
  ["const map<i32, set<i32>> A = [1]", "1:30: expected a value of type map<i32, set<i32>>, found a list"],
  [
    "const map<i32, i32> A = {'x': 1, 2: 'y'}",
    "1:26: expected a value of type i32, found a string",
    "1:37: expected a value of type i32, found a string",
  ],
  ["typedef i32 Id\nconst Id A = 'x'", "2:14: expected a value of type Id, found a string"],
  ["const i32 A = B", "1:15: expected a constant or the value of an enum: B is not defined"],
  ["enum C { R }\nconst C A = R", "2:13: expected a constant or the value of an enum: R is not defined"],
  ["enum C { R }\nconst C A = C.G", "2:13: expected a constant or the value of an enum: C.G is not defined"],
  ["enum C { R }\nconst C A = true", "2:13: expected a value of type C, found true"],
  ["enum C { R }\nconst string A = C.R", "2:18: expected a value of type string, found C.R"],
  ["const string S = 'x'\nconst i32 A = S", "2:15: expected a value of type i32: S is a string"],
  ["const i32 A = A", "1:15: expected a value that is not made of itself: A"],
  [
    "const list<i32> A = [B]\nconst i32 B = C\nconst i32 C = B",
    "3:15: expected a value that is not made of itself: B",
  ],
  [
    "struct P { 1: i32 x }\nconst P A = {'y': 1}",
    "2:14: expected the name of a field of P in quotes, found 'y'",
  ],
  ["struct P { 1: i32 x }\nconst P A = {x: 1}", "2:14: expected the name of a field of P in quotes, found x"],
  ["struct P { 1: i32 x }\nconst P A = {'x': 'x'}", "2:19: expected a value of type i32, found a string"],
  ["struct P { 1: i32 x }\nconst P A = [1]", "2:13: expected a value of type P, found a list"],
  ["struct P { 1: i32 x = 'x' }", "1:23: expected a value of type i32, found a string"],
  [
    "union U { 1: i32 x, 2: i32 y }\nconst U A = {}",
    "2:13: expected exactly one field of the union U, found 0",
  ],
  [
    "union U { 1: i32 x }\nstruct P { 1: required U u }\nconst P A = {}",
    "3:13: expected a value for u: a union has no zero value",
  ],
  [
    "struct P { 1: required P p }\nconst P A = {}",
    "2:13: expected all fields of P: it holds itself, and so has no zero value",
  ],
  // Methods.
  ["service S { oneway i32 f() }", "1:20: expected `void`: f is oneway"],
  [
    "exception E {}\nservice S { oneway void f() throws (1: E e) }",
    "2:42: expected no exceptions: f is oneway",
  ],
  ["service S { void f(1: i32 a = 'x') }", "1:31: expected a value of type i32, found a string"],
  [
    "struct A {}\nservice S { A f(1: A a) (streaming.mode = 'both') }",
    '2:43: expected "bidirectional", "client", "server" or "unary", found "both"',
  ],
  [
    "struct A {}\nservice S { A f(1: A a) (streaming.mode = 'client', streaming.mode = 'server') }",
    "2:70: expected streaming.mode once for a method",
  ],
  [
    "struct A {}\nservice S { A f() (streaming.mode = 'client') }",
    "2:15: expected exactly one argument of the streaming method f, found 0",
  ],
  [
    "struct A {}\nservice S { A f(1: A a, 2: A b) (streaming.mode = 'server') }",
    "2:30: expected exactly one argument of the streaming method f, found 2",
  ],
  [
    "struct A {}\nservice S { void f() throws (1: A a) void g() throws (1: i32 i) }",
    "2:33: expected an exception, found A",
    "2:58: expected an exception, found i32",
  ],
  [
    "exception X {}\nservice S { void f() throws (0: X x) }",
    "2:30: expected another id than 0, which is that of the result",
  ],
  [
    "service S { void f(1: i32 a, 1: i32 b, 2: i32 a) }",
    "1:47: expected another argument of f: a is on line 1 already",
    "1:30: expected another field id than 1, which a has",
  ],
];

for (const [idl, ...expected] of files) {
  const title = idl.length > 90 ? `${idl.slice(0, 90)}…` : idl;
  Deno.test(`thriftgen refuses ${JSON.stringify(title)}`, () => {
    assertEquals(errorsOf(idl), expected.map((message) => `test.thrift:${message}`));
  });
}

Deno.test("thriftgen names the file that is wrong, not the one that includes it", () => {
  assertEquals(errorsOf({ "a.thrift": "include 'sub/b.thrift'", "sub/b.thrift": "struct B { 1: X x }" }), [
    "sub/b.thrift:1:15: expected a type: X is not defined",
  ]);
});

Deno.test("thriftgen says where it has looked for an included file", () => {
  assertEquals(errorsOf({ "sub/a.thrift": "\ninclude 'b.thrift'" }), [
    "sub/a.thrift:2:9: expected a file: there is no sub/b.thrift, b.thrift",
  ]);
});

Deno.test("thriftgen shows the way of a cycle of includes", () => {
  assertEquals(
    errorsOf({
      "a.thrift": "include 'b.thrift'",
      "b.thrift": "include 'c.thrift'",
      "c.thrift": "include 'b.thrift'",
    }),
    ["c.thrift:1:9: expected no cycle of includes: b.thrift -> c.thrift -> b.thrift"],
  );
});

Deno.test("thriftgen does not see what an included file includes", () => {
  assertEquals(
    errorsOf({
      "a.thrift": "include 'b.thrift'\nstruct A { 1: c.C c }",
      "b.thrift": "include 'c.thrift'",
      "c.thrift": "struct C {}",
    }),
    ["a.thrift:2:15: expected a type: c.C is not defined"],
  );
});

Deno.test("thriftgen refuses a name that may mean two values", () => {
  assertEquals(
    errorsOf({
      "a.thrift": "include 'b.thrift'\nenum b { C }\nconst i32 A = b.C",
      "b.thrift": "const i32 C = 1",
    }),
    ["a.thrift:3:15: expected one constant or value of an enum: b.C may mean 2"],
  );
});

Deno.test("thriftgen says all that is wrong with several files at once", () => {
  assertEquals(
    errorsOf({
      "a.thrift": "include 'b.thrift'\ninclude 'c.thrift'\nstruct",
      "b.thrift": "struct B",
      "c.thrift": "",
    }),
    ["a.thrift:3:7: expected the name of the struct, found the end of the file"],
  );
  assertEquals(
    errorsOf({
      "a.thrift": "include 'b.thrift'\ninclude 'c.thrift'",
      "b.thrift": "struct B",
      "c.thrift": "enum",
    }),
    [
      "b.thrift:1:9: expected `{`, found the end of the file",
      "c.thrift:1:5: expected the name of the enum, found the end of the file",
    ],
  );
});
