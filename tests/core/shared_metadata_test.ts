/** Streams whose requests say the same share what was read of them, and cannot tell each other anything by it. */
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  connectOver,
  createClient,
  defineService,
  implement,
  type Metadata,
  serveOver,
  ttheader,
  wrapStream,
} from "../../mod.ts";
import { grpc } from "../../src/grpc/mod.ts";
import { NO_METADATA } from "../../src/core/metadata.ts";
import { text } from "../support/codecs.ts";
import { duplexPair } from "../support/pair.ts";

/** As a handler in JavaScript might do it. */
function write(metadata: Metadata): void {
  assert(metadata instanceof Map);
  metadata.set("user", "mallory");
}

for (const protocol of [ttheader(), grpc()]) {
  Deno.test(`${protocol.name}: requests that say the same share their metadata, and nobody can change them`, async () => {
    const [near, far] = duplexPair();
    const seen: Metadata[] = [];
    const { finished } = serveOver(far, (stream) => {
      seen.push(stream.metadata);
    }, { protocols: [protocol] });
    const connection = await connectOver(near, { protocol });
    const call = async (key: string) => {
      const stream = connection.openStream({ service: "Test", method: "Echo" }, { metadata: { key } });
      await Array.fromAsync(stream.readable);
      await stream.writable.close().catch(() => {
        // The handler has ended it already.
      });
    };
    // From the first on: what is no error in a test must not be one beside a neighbour.
    for (let i = 0; i < 2; i++) await call("a");
    const [first, second] = seen;
    assert(first && second);
    assertStrictEquals(first, second);
    assertEquals([...first].filter(([key]) => key === "user" || key === "key"), [["key", "a"]]);
    assertThrows(() => write(first), TypeError, "set() was called on what a peer has sent");
    await call("b");
    await call("a");
    assertEquals(seen.map((metadata) => metadata.get("key")), ["a", "a", "b", "a"]);
    await connection.close();
    await finished;
  });
}

Deno.test("metadata that middleware has put in their place stay its own, to be changed as it likes", async () => {
  const service = defineService("Test", {
    say: { kind: "server", name: "Say", request: text, response: text },
  });
  const own = new Map([["user", "alice"]]);
  const handler = implement(service, {
    async *say(_, { metadata }) {
      yield metadata.get("user") ?? "";
    },
  });
  const [near, far] = duplexPair();
  const { finished } = serveOver(far, (stream) => handler(wrapStream(stream, { metadata: own })));
  const connection = await connectOver(near);
  const { say } = createClient(service, connection);
  const said = await Array.fromAsync(say("x"));
  own.set("user", "bob");
  said.push(...await Array.fromAsync(say("x")));
  assertEquals(said, ["alice", "bob"]);
  await connection.close();
  await finished;
});

Deno.test("the metadata of those that have none cannot be changed", () => {
  for (const change of ["set", "delete", "clear"] as const) {
    const method: unknown = Reflect.get(NO_METADATA, change);
    assert(typeof method === "function");
    assertThrows(() => Reflect.apply(method, NO_METADATA, ["a", "b"]), TypeError, `${change}() was called`);
  }
  assertEquals(NO_METADATA, new Map());
});
