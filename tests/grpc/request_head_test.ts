import { assertEquals, assertStrictEquals } from "@std/assert";
import { RequestHead, type RequestTarget } from "../../src/grpc/request_head.ts";

const TARGET: RequestTarget = { service: "a.B", method: "m", encoding: undefined, serviceName: undefined };

Deno.test("requests of one target share their fields, whatever object names it.", () => {
  const head = new RequestHead("http", "b:80");
  assertStrictEquals(head.fields({ ...TARGET }), head.fields({ ...TARGET }));
});

for (
  const [change, field] of [
    [{ service: "a.C" }, [":path", "/a.C/m"]],
    [{ method: "n" }, [":path", "/a.B/n"]],
    [{ encoding: "thrift" }, ["content-type", "application/grpc+thrift"]],
    [{ serviceName: "A" }, ["source-service", "A"]],
  ] as const
) {
  Deno.test(`a request with another ${Object.keys(change)} than the last has its own fields.`, () => {
    const head = new RequestHead("http", "b:80");
    const before = new Map(head.fields(TARGET));
    const after = new Map(head.fields({ ...TARGET, ...change }));
    assertEquals([...after].filter(([key, value]) => before.get(key) !== value), [[...field]]);
    assertEquals(new Map(head.fields(TARGET)), before);
  });
}
