import { assertEquals } from "@std/assert";
import { args, hanging, layOut, object, typeArgs } from "../../src/thriftgen/layout.ts";

const long = "x".repeat(40);

Deno.test("layOut writes what fits on one line", () => {
  assertEquals(
    layOut(["f = ", args("g(", ["1", object(["a: 1", "b: 2"])], ")"), ";"]),
    "f = g(1, { a: 1, b: 2 });",
  );
});

for (const [width, fits] of [[80, true], [81, false]] as const) {
  Deno.test(`layOut finds that ${width} columns ${fits ? "fit" : "do not fit"}, with what comes behind`, () => {
    const [first, second] = ["x".repeat(36), "y".repeat(width - 42)];
    const text = layOut([args("f(", [first, second], ")"), ";"]);
    assertEquals(text, fits ? `f(${first}, ${second});` : `f(\n  ${first},\n  ${second},\n);`);
  });
}

Deno.test("layOut breaks the outermost brackets first", () => {
  assertEquals(
    layOut(args("f(", [args("g(", [long, "1"], ")"), long], ")")),
    `f(\n  g(${long}, 1),\n  ${long},\n)`,
  );
});

Deno.test("layOut keeps arguments before a last object on their line", () => {
  assertEquals(
    layOut(args("f(", ["1", object([`a: ${long}`, `b: ${long}`])], ")")),
    `f(1, {\n  a: ${long},\n  b: ${long},\n})`,
  );
});

Deno.test("layOut writes no comma behind the last type argument", () => {
  assertEquals(layOut(typeArgs("Map", [long, long])), `Map<\n  ${long},\n  ${long}\n>`);
});

Deno.test("layOut hangs what does not fit behind its head", () => {
  const text = "y".repeat(70);
  assertEquals(layOut(hanging("property:", text), 2), `property:\n    ${text}`);
  assertEquals(layOut(hanging("property:", "short"), 2), "property: short");
});

Deno.test("layOut breaks an object that is to be broken, however short", () => {
  assertEquals(layOut(object(["a: 1"], true)), "{\n  a: 1,\n}");
});
