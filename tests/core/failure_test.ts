import { assertEquals, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import { LazyFailure } from "../../src/core/failure.ts";
import { HandlerReturned } from "../../src/core/handler_returned.ts";
import { grpcDialect } from "../../src/grpc/dialect.ts";

Deno.test("a lazy failure makes its error when it is first asked for, and once.", () => {
  let made = 0;
  const failure = new LazyFailure(() => ++made === 1 ? undefined : made);
  assertEquals(made, 0);
  assertEquals([failure.error, failure.error, made], [undefined, undefined, 1]);
});

Deno.test("streams of one method share the error of a good end, those of others have their own.", () => {
  const returned = new HandlerReturned(grpcDialect);
  const first = returned.error({ side: "server", service: "A", method: "m" });
  assertStrictEquals(returned.error({ side: "server", service: "A", method: "m" }), first);
  const others = [
    returned.error({ side: "server", service: "A", method: "n" }),
    returned.error({ side: "server", service: "B", method: "n" }),
  ];
  assertEquals(others.map(({ service, method }) => [service, method]), [["A", "n"], ["B", "n"]]);
  for (const other of others) assertNotStrictEquals(other, first);
});
