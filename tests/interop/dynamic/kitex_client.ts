/** Kitex's generic client at this library's dynamic server. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { serve, ttheader } from "../../../mod.ts";
import { grpc } from "../../../src/grpc/mod.ts";
import type { JsonValue } from "../../../src/thrift/mod.ts";
import { type Case, play, type Scene } from "./deno_client.ts";
import type { GenericAnswer, GenericCall, Transport } from "./peer.ts";
import { everyHandler } from "./service.ts";
import { parseExactly, sameMessage } from "./values.ts";

const UNARY: readonly Transport[] = ["buffered", "framed", "ttheader", "ttheader-framed", "grpc"];
const STREAMING: readonly Transport[] = ["streaming", "grpc"];

/** A call of Kitex's client, all but where to. */
type Call = Omit<GenericCall, "address" | "transport">;

/** What checks have: Kitex's client, the messages, and what the server has been given. */
interface Calls {
  readonly messages: readonly JsonValue[];
  call(call: Call): Promise<GenericAnswer>;
  readonly seen: JsonValue[];
}

const unary = (method: string, request: JsonValue): Call => ({
  kind: "unary",
  method,
  requests: [typeof request === "string" ? request : JSON.stringify(request)],
});

function assertSame(actual: JsonValue | undefined, expected: JsonValue): void {
  assert(
    actual !== undefined && sameMessage(actual, expected),
    `${JSON.stringify(actual)}\nis not\n${JSON.stringify(expected)}`,
  );
}

const UNARY_CHECKS: readonly (readonly [string, (calls: Calls) => Promise<void>])[] = [
  ["a message with every type comes back", async ({ call, seen, messages }) => {
    for (const message of messages) {
      const { responses: [text = ""], error } = await call(unary("Echo", message));
      assertEquals(error, undefined);
      assertSame(seen.pop(), message);
      assertSame(parseExactly(text), message);
    }
  }],
  ["arguments and results that are no structs", async ({ call }) => {
    assertEquals(await call(unary("Twice", "-21")), { responses: ["-42"] });
    assertEquals(await call(unary("Twice", "4611686018427387903")), { responses: ["9223372036854775806"] });
    const leaves = await call(unary("Leaves", { a: { name: "oak", weight: 3 } }));
    assertEquals(leaves.responses.map(parseExactly), [[{ name: "oak", weight: 3 }]]);
  }],
  ["what the server refuses by a declared exception", async ({ call }) => {
    const { error = "" } = await call(unary("Refuse", { name: "a" }));
    assertStringIncludes(error, "no entry");
  }],
];

/** dynamicgo expects the five bytes that Kitex's generic server writes, and waits for them at a generated one, too. */
const VOID_CHECK: typeof UNARY_CHECKS[number] = ["a method that returns nothing", async ({ call, seen }) => {
  // As from a server with generated code: there is no Void on the wire.
  assertEquals(await call(unary("Nothing", "x")), { responses: ["null"] });
  assertEquals(seen.at(-1), "x");
}];

const STREAMING_CHECKS: readonly (readonly [string, (calls: Calls) => Promise<void>])[] = [
  ["server streaming", async ({ call, seen, messages }) => {
    const [message = null] = messages;
    const { responses, error } = await call({ ...unary("Repeat", message), kind: "server" });
    assertEquals([error, responses.length], [undefined, 3]);
    for (const text of responses) assertSame(parseExactly(text), message);
    assertSame(seen[0], message);
  }],
  ["client streaming", async ({ call, seen, messages }) => {
    const requests = messages.map((message) => JSON.stringify(message));
    const { responses, error } = await call({ kind: "client", method: "Last", requests });
    assertEquals([error, responses.length, seen.length], [undefined, 1, messages.length]);
    assertSame(parseExactly(responses[0] ?? ""), messages.at(-1) ?? null);
    for (const [index, message] of messages.entries()) assertSame(seen[index], message);
  }],
  ["bidirectional streaming", async ({ call, messages }) => {
    const requests = messages.map((message) => JSON.stringify(message));
    const { responses, error } = await call({ kind: "bidirectional", method: "Talk", requests });
    assertEquals([error, responses.length], [undefined, messages.length]);
    for (const [index, text] of responses.entries()) assertSame(parseExactly(text), messages[index] ?? null);
  }],
];

/** Plays every case over every transport that Kitex's client has. */
export async function kitexCases({ peer, messages, provider }: Scene): Promise<Case[]> {
  const cases: Case[] = [];
  const seen: JsonValue[] = [];
  await using server = serve(
    { hostname: "127.0.0.1", port: 0, protocols: [ttheader(), grpc()] },
    everyHandler((json) => seen.push(json)),
  );
  const address = `127.0.0.1:${server.addr.port}`;
  const unaryChecks = provider === "plain" ? [...UNARY_CHECKS, VOID_CHECK] : UNARY_CHECKS;
  const parts = [[UNARY, unaryChecks], [STREAMING, STREAMING_CHECKS]] as const;
  for (const [transports, checks] of parts) {
    for (const transport of transports) {
      for (const [name, check] of checks) {
        seen.length = 0;
        const call = (call: Call) => peer.call({ address, transport, ...call });
        cases.push(
          await play(
            `Kitex's client, dynamic server, ${transport}: ${name}`,
            () => check({ call, seen, messages }),
          ),
        );
      }
    }
  }
  return cases;
}
