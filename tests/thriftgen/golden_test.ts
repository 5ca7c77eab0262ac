import { assertEquals, assertThrows } from "@std/assert";
import * as everything from "./golden/generated/everything.ts";
import { Base, Level, Parent } from "./golden/generated/shared.ts";

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
      ["sayHello", "bidirectional", "SayHello"],
      ["listExtras", "server", "list_extras"],
      ["uploadAll", "client", "UPLOAD_ALL"],
      ["then_", "client", "then"],
    ],
  );
  assertEquals(
    everything.Chat.methods.sayHello.response.encode({ value: "", children: [] }).length > 0,
    true,
  );
  assertEquals(Object.keys(Parent.methods), ["inherited"]);
  assertEquals(everything.Idle.methods, {});
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
  assertEquals(everything.Content.decode(everything.Content.encode(text)), text);
});
