import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { createContextKey, ROOT_CONTEXT } from "@opentelemetry/api";
import { lightly, ROOT } from "../../src/otel/context.ts";

const [A, B] = [createContextKey("context_test a"), createContextKey("context_test b")];

Deno.test("a light context has its value and those under it, and changes none", () => {
  const under = ROOT_CONTEXT.setValue(A, 1);
  const light = lightly(under).setValue(B, 2);
  assertEquals([light.getValue(A), light.getValue(B)], [1, 2]);
  assertEquals([under.getValue(A), under.getValue(B)], [1, undefined]);
  assertEquals([ROOT.getValue(A), ROOT.getValue(B)], [undefined, undefined]);
});

Deno.test("a light context takes other values, and gives them up, as any context does", () => {
  const both = ROOT.setValue(A, 1).setValue(B, 2).setValue(A, 3);
  assertEquals([both.getValue(A), both.getValue(B)], [3, 2]);
  const one = both.deleteValue(A);
  assertEquals([one.getValue(A), one.getValue(B)], [undefined, 2]);
  const other = both.deleteValue(B);
  assertEquals([other.getValue(A), other.getValue(B)], [3, undefined]);
  const under = lightly(ROOT_CONTEXT.setValue(A, 1)).setValue(A, 2).deleteValue(A);
  assertEquals(under.getValue(A), undefined);
  const empty = both.setValue(A, undefined);
  assertEquals([empty.getValue(A), empty.getValue(B)], [undefined, 2]);
});

Deno.test("a light context stays the one it is", () => {
  const light = ROOT.setValue(A, 1);
  assertStrictEquals(lightly(light), light);
  assertStrictEquals(lightly(ROOT_CONTEXT), ROOT);
  assert(lightly(ROOT_CONTEXT.setValue(A, 1)) !== ROOT);
});
