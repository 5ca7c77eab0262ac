import { assertEquals, assertThrows } from "@std/assert";
import type { Codec } from "../../mod.ts";
import * as everything from "./golden/generated/everything.ts";
import { Base, Level, Parent } from "./golden/generated/shared.ts";

function again<T>(codec: Codec<T>, message: T): T {
  return codec.decode(new Uint8Array(codec.encode(message)));
}

Deno.test("Generated codecs write and read a struct with every type", () => {
  const { AllTypes, Color, Point } = everything;
  const point = Point.create({ x: 7, weights: new Map([[1n, 0.5]]) });
  const tree: everything.Tree = { value: "root", children: [{ value: "leaf", children: [] }], later: {} };
  const message: everything.AllTypes = {
    ...{ b: true, y: -1, tiny: 2, short_one: 3, i: 4, l: 5n, d: 0.5, s: "é", bytes: Uint8Array.of(1, 2) },
    ...{ names: ["a"], numbers: new Set([1, 2]), deep: new Map([["k", [new Set([1n])]]]) },
    ...{ color: Color.BLUE, atlas: [new Map([[1n, point]])], point, content: { tree } },
    ...{ failure: { message: "no", code: 1 }, base: Base.create({ id: "x" }), extra: { extra: new Map() } },
    ...{ tree, again: Base.create(), levels: [Level.HIGH, 77], class: "c", sets: new Set([new Set([1])]) },
    __proto___: "own",
  };
  assertEquals(AllTypes.decode(AllTypes.encode(message)), message);
});

Deno.test("Generated defaults are those of the IDL", () => {
  const { Color, MAX_PAGE, Point } = everything;
  assertEquals(Point.create(), { x: MAX_PAGE, y: 3, weights: new Map(), color: Color.GREEN });
  assertEquals(everything.ORIGIN, { x: 1, y: 3, label: "hi", weights: new Map(), color: 2 });
  assertEquals(everything.AllTypes.fields.levels?.default, [Level.LOW]);
});

Deno.test("Generated constants are those of the IDL", () => {
  assertEquals(everything.QUOTED, 'say "it"\'s\n\ttab A é');
  assertEquals(everything.BIG, 9007199254740993n);
  assertEquals(everything.SHADES, new Map([["warm", [0, 2]], ["cold", []]]));
  assertEquals(everything.NAMES, new Set(["a", "sooner"]));
  assertEquals(everything.BYTES, Uint8Array.of(0, 255));
  assertEquals(everything.LEVEL, 1);
});

Deno.test("Generated services have the wire's names beside TypeScript's, and the codecs", () => {
  assertEquals(everything.Chat.name, "Chat");
  assertEquals(
    Object.entries(everything.Chat.methods).map(([name, method]) => [name, method.kind, method.name]),
    [
      ["inherited", "server", "Inherited"],
      ["old", "unary", undefined],
      ["sayHello", "bidirectional", "SayHello"],
      ["listExtras", "server", "list_extras"],
      ["uploadAll", "client", "UPLOAD_ALL"],
      ["then_", "client", "then"],
      ["once", "unary", "Once"],
      ["fire", "unary", undefined],
      ["ping", "unary", undefined],
      ["hidden", "server", "_hidden"],
    ],
  );
  assertEquals(
    everything.Chat.methods.sayHello.response.encode({ value: "", children: [] }).length > 0,
    true,
  );
  assertEquals(Object.keys(Parent.methods), ["inherited", "old"]);
  assertEquals(Object.keys(everything.Idle.methods), []);
});

Deno.test("Structs that hold themselves have an end, and come back", () => {
  const { Chain, Ping } = everything;
  assertEquals(Chain.create(), { value: 0 });
  const chain: everything.Chain = { value: 1, next: { value: 2, next: { value: 3 } } };
  assertEquals(Chain.decode(Chain.encode(chain)), chain);
  assertEquals(Chain.decode(new Uint8Array([12, 0, 1, 0, 0])), { value: 0, next: { value: 0 } });
  assertEquals(Ping.create(), {});
  const ping: everything.Ping = { pong: { ping: {} } };
  assertEquals(Ping.decode(Ping.encode(ping)), ping);
});

Deno.test("A typedef of a struct is the struct by another name", () => {
  assertEquals(everything.Spot === everything.Point, true);
  assertEquals(everything.SharedBase === Base, true);
});

Deno.test("A union's codec takes exactly one field", () => {
  assertThrows(() => everything.Content.create(), TypeError);
  const text: everything.Content = { text: "hi" };
  assertEquals(again(everything.Content, text), text);
});

Deno.test("A generated exception is an error with the exception's fields, its name and a message", () => {
  const failure = new everything.Failure({ message: "no such room", code: 7 });
  assertEquals(String(failure), "Failure: no such room");
  assertEquals(failure instanceof Error && failure instanceof everything.Failure, true);
  assertEquals([failure.name, failure.message, failure.code], ["Failure", "no such room", 7]);
  const { codec } = everything.Failure;
  assertEquals(codec.decode(codec.encode(failure)), { message: "no such room", code: 7 });
  assertEquals(String(new everything.Failure()), "Failure");
  assertEquals(String(new everything.Error()), "Error");
});

Deno.test("A generated exception without a message of its own says what its fields are", () => {
  const odd = new everything.ALongNameThatLeavesNoRoomForAnException({ message: "own" });
  assertEquals(odd.message, "own");
  const { fields } = everything.Odd.codec;
  assertEquals(Object.keys(fields), ["message_", "name_", "causes", "never", "stack__"]);
});

Deno.test("Generated unary methods write Kitex's args and result structs, and throw what the IDL declares", () => {
  const { add, choose, colours, fail } = everything.Calls.methods;
  assertEquals(add.throws, [everything.Failure, everything.Error]);
  assertEquals(again(add.request, { a: 1n, b: 2n }), { a: 1n, b: 2n });
  assertEquals(add.request.decode(Uint8Array.of(0)), { a: 0n, b: everything.BIG });
  assertEquals(again(add.response, 3n), 3n);
  assertEquals(again(choose.request, { text: "a" }), { text: "a" });
  const result = new Map([[everything.Color.RED, [everything.Point.create({ x: 1 })]]]);
  assertEquals(again(colours.response, result), result);
  const failure = new everything.Failure({ message: "no", code: 1 });
  // The same fields as an answer and as an exception.
  assertEquals(again(fail.response, failure), { message: "no", code: 1 });
  const payload: Uint8Array<ArrayBuffer> = Reflect.apply(add.response.encode, add.response, [failure]);
  const error = assertThrows(() => add.response.decode(payload), everything.Failure, "no");
  assertEquals(error.code, 1);
});
