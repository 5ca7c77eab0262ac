/** This library's dynamic client at Kitex's generic server. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { type Client, connect, createClient, type Protocol, ttheader } from "../../../mod.ts";
import { grpc, GrpcError } from "../../../src/grpc/mod.ts";
import type { GenericPeer } from "./peer.ts";
import { Every } from "./service.ts";
import { parseExactly, sameMessage, withoutDoubleKeys } from "./values.ts";
import type { JsonValue } from "../../../src/thrift/mod.ts";

/** What a case came to. */
export interface Case {
  readonly name: string;
  /** What is wrong, where something is. */
  readonly error?: string | undefined;
}

/** Plays one case. */
export async function play(name: string, check: () => Promise<void>): Promise<Case> {
  try {
    await check();
    return { name };
  } catch (error) {
    return { name, error: error instanceof Error ? error.stack ?? error.message : String(error) };
  }
}

type EveryClient = Client<typeof Every.methods>;

/** What a client is checked against, and with which messages. */
export interface Scene {
  readonly peer: GenericPeer;
  readonly messages: readonly JsonValue[];
  /** Which of its two converters Kitex uses. */
  readonly provider: "plain" | "dynamicgo";
}

type Checks = readonly (readonly [string, (client: EveryClient, scene: Scene) => Promise<void>])[];

const UNARY: Checks = [
  ["a message with every type comes back", async (client, { messages }) => {
    for (const message of messages) assertEquals(await client.Echo(message), message);
  }],
  ["Kitex's JSON of a message is this library's", async (client, { messages, provider }) => {
    for (const message of messages) {
      const shown = parseExactly(String(await client.Show(message)));
      assert(sameMessage(shown, message), `${JSON.stringify(shown)}\nis not\n${JSON.stringify(message)}`);
      // Letter by letter, but for keys that are doubles. dynamicgo writes absent unions as empty ones.
      const own = parseExactly(JSON.stringify(message));
      if (provider === "plain") assertEquals(withoutDoubleKeys(shown), withoutDoubleKeys(own));
    }
  }],
  ["arguments and results that are no structs", async (client) => {
    assertEquals(await client.Twice(-21), -42);
    assertEquals(await client.Twice("4611686018427387903"), "9223372036854775806");
    assertEquals(await client.Leaves({ a: { name: "oak", weight: 3 } }), [{ name: "oak", weight: 3 }]);
    assertEquals(await client.Nothing("x"), null);
    await client.Forget("x");
  }],
  ["what the server refuses", async (client) => {
    const error = await assertRejects(async () => void await client.Refuse({ name: "a" }), Error);
    assertStringIncludes(error.message, "refused");
  }],
];

const GRPC: Checks = [
  [
    "unary calls, at which Kitex's generic server panics, and nothing else does",
    async (client, { peer, messages }) => {
      const panic = "interface {} is *streaming.Args, not *generic.Args";
      await assertRejects(async () => void await client.Twice(1), GrpcError, panic);
      const address = `127.0.0.1:${peer.port}`;
      const own = await peer.call({
        address,
        transport: "grpc",
        kind: "unary",
        method: "Twice",
        requests: ["1"],
      });
      assertStringIncludes(own.error ?? "", panic);
      const [message = null] = messages;
      assertEquals(await Array.fromAsync(client.Repeat(message)), [message, message, message]);
    },
  ],
];

const STREAMING: Checks = [
  ["server streaming", async (client, { messages }) => {
    const [message = null] = messages;
    assertEquals(await Array.fromAsync(client.Repeat(message)), [message, message, message]);
  }],
  ["client streaming", async (client, { messages }) => {
    const call = client.Last();
    await call.sendAll(messages);
    assertEquals(await call.response, messages.at(-1));
  }],
  ["bidirectional streaming", async (client, { messages }) => {
    const call = client.Talk();
    const sending = call.sendAll(messages);
    assertEquals(await Array.fromAsync(call.readable), messages);
    await sending;
  }],
];

/** Plays every case over both protocols. */
export async function denoCases(scene: Scene): Promise<Case[]> {
  const cases: Case[] = [];
  const protocols: readonly (readonly [Protocol, Checks])[] = [
    [ttheader(), [...UNARY, ...STREAMING]],
    [grpc(), [...GRPC, ...STREAMING]],
  ];
  for (const [protocol, checks] of protocols) {
    await using connection = await connect({ hostname: "127.0.0.1", port: scene.peer.port, protocol });
    const client = createClient(Every, connection);
    for (const [name, check] of checks) {
      cases.push(
        await play(`dynamic client, Kitex's server, ${protocol.name}: ${name}`, () => check(client, scene)),
      );
    }
  }
  return cases;
}
