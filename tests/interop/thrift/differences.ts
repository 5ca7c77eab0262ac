/** What Kitex's codec does in a way of its own, and what becomes of that here. */
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { type StructCodec, ThriftError } from "../../../src/thrift/mod.ts";
import * as types from "./gen/types.ts";
import type { GoCodec, Request } from "./peer.ts";

/** One of them. */
export interface Difference {
  readonly name: string;
  /** Fails where it is another by now. */
  readonly check: (go: GoCodec) => Promise<void>;
}

type Payload = Uint8Array<ArrayBuffer>;

/** The payload that is the answer. */
async function payloadOf(go: GoCodec, request: Request): Promise<Payload> {
  const { payload, error } = await go.ask(request);
  assertEquals(error, undefined);
  return Uint8Array.fromHex(payload ?? "");
}

function sampleOf(go: GoCodec, sample: string): Promise<Payload> {
  return payloadOf(go, { op: "sample", sample });
}

/** What Kitex makes of a payload when it reads it, and writes what it has read. */
function echoOf(go: GoCodec, type: string, payload: Payload): Promise<Payload> {
  return payloadOf(go, { op: "echo", type, payload: payload.toHex() });
}

async function kitexRefuses(go: GoCodec, request: Request, why: string): Promise<void> {
  assertStringIncludes((await go.ask(request)).error ?? "no error", why);
}

function refuse<T>(codec: StructCodec<T>, payload: Payload, why: string): void {
  assertThrows(() => codec.decode(payload), ThriftError, why);
}

const { Chain, Choice, Containers, Defaults, Everything, Holder, Older, OlderHolder, Ping, Pong } = types;

export const differences: readonly Difference[] = [
  {
    name: "a nil struct is written as an empty one: zero values; a nil union, too: it is left out",
    async check(go) {
      const payload = await sampleOf(go, "nil wherever it may be");
      const { choice, ...others } = Everything.decode(payload);
      assertEquals(choice, undefined);
      assertEquals(others.scalars, types.Scalars.create());
      assertEquals(others.optionals, {});
      assertEquals(others.containers, Containers.create());
      assertEquals(others.tree, { value: 0, children: [], named: new Map() });
      // Kitex reads a union with nothing set, and cannot write that.
      const request = { op: "echo", type: "Everything", payload: payload.toHex() } as const;
      await kitexRefuses(go, request, "exactly one field must be set (0 set)");
      const again = await echoOf(go, "Everything", Everything.encode({ ...others }));
      assertEquals(Everything.decode(again), others);
    },
  },
  {
    name: "a nil union that is required is an error here alone",
    async check(go) {
      const payload = await sampleOf(go, "a nil union that is required");
      refuse(types.Requireds, payload, "Requireds.choice: a union has exactly one field, got none");
      const { value } = await go.ask({ op: "read", type: "Requireds", payload: payload.toHex() });
      assertStringIncludes(value ?? "", "Choice:Choice(");
    },
  },
  {
    name: "a nil union in a container is an error here alone",
    async check(go) {
      refuse(
        Choice,
        await sampleOf(go, "a nil union in a list"),
        "Choice.choices[0]: a union has exactly one",
      );
    },
  },
  {
    name: "a union without a field cannot be written by either",
    async check(go) {
      const why = "exactly one field must be set (0 set)";
      await kitexRefuses(go, { op: "sample", sample: "a union without a field" }, why);
      const nothing = JSON.parse("{}");
      assertThrows(() => Choice.encode(nothing), TypeError, "a union has exactly one field, got none");
    },
  },
  {
    name: "a union whose one field is unknown is left out",
    async check(go) {
      const payload = await sampleOf(go, "a union of a newer IDL");
      assertEquals(OlderHolder.decode(payload), {});
      const request = { op: "echo", type: "OlderHolder", payload: payload.toHex() } as const;
      await kitexRefuses(go, request, "exactly one field must be set (0 set)");
    },
  },
  {
    name: "a nil struct with a required field is an error at both",
    async check(go) {
      const payload = await sampleOf(go, "a nil struct with a required field");
      refuse(Holder, payload, "Holder.strict.number: missing, but required");
      await kitexRefuses(go, { op: "read", type: "Holder", payload: payload.toHex() }, "required field");
    },
  },
  {
    name: "a struct that holds itself ends in nil: an empty struct, one more each time Kitex writes it",
    async check(go) {
      const chain = Chain.decode(await sampleOf(go, "a chain of two"));
      assertEquals(chain, { value: 1, next: { value: 2, next: { value: 0 } } });
      const again = await echoOf(go, "Chain", Chain.encode({ value: 1 }));
      assertEquals(Chain.decode(again), { value: 1, next: { value: 0 } });
      const ping = Ping.decode(await sampleOf(go, "two that hold each other"));
      assertEquals(ping, { pong: { ball: "red", ping: {} } });
      assertEquals(Pong.decode(await echoOf(go, "Pong", Pong.encode({ ball: "" }))), { ball: "", ping: {} });
    },
  },
  {
    name: "an absent field has its default here, and its zero value in a message that Kitex's Recv reads",
    async check(go) {
      const defaults = Defaults.decode(await sampleOf(go, "defaults as they are"));
      assertEquals(defaults, Defaults.create({ leaf: { name: "oak" } }));
      const required = new Uint8Array([2, 0, 3, 1, 0]);
      assertEquals(Defaults.decode(required), Defaults.create());
      const { value } = await go.ask({ op: "read", type: "Defaults", payload: required.toHex() });
      assertStringIncludes(value ?? "", "Answer:0 Sure:true Limit:0");
      // What create and decode fill in is written, so that Kitex reads it.
      const again = await echoOf(go, "Defaults", Defaults.encode(Defaults.create()));
      assertEquals(Defaults.decode(again), Defaults.create());
    },
  },
  {
    name: "an enum's value without a name is kept by both",
    async check(go) {
      const payload = await sampleOf(go, "an enum's value without a name");
      assertEquals(types.Scalars.decode(payload).level, 77);
      const sent = types.Scalars.encode(types.Scalars.create({ level: -1_000_000 }));
      assertEquals(types.Scalars.decode(await echoOf(go, "Scalars", sent)).level, -1_000_000);
    },
  },
  {
    name: "text that is not UTF-8 is an error here alone",
    async check(go) {
      const payload = await sampleOf(go, "text that is not UTF-8");
      refuse(Older, payload, "Older.text: not UTF-8");
      assertEquals(await echoOf(go, "Older", payload), payload);
    },
  },
  {
    name: "a known field of another type is an error here, and Kitex skips it",
    async check(go) {
      const payload = types.Retyped.encode({ text: 1, number: 2 });
      refuse(Older, payload, "Older.text: expected string, got i32");
      assertEquals(Older.decode(await echoOf(go, "Older", payload)), { text: "" });
    },
  },
  {
    name: "elements of another type are an error here, and Kitex reads them as if they were of the right one",
    async check(go) {
      // A list of one i64 in the field for lists of i32.
      const payload = Uint8Array.fromHex("0f00040a0000000100000001" + "0000000200");
      refuse(Containers, payload, "Containers.numbers: expected elements of type i32, got i64");
      // It takes the other half of the i64 for more fields.
      const { value, error } = await go.ask({ op: "read", type: "Containers", payload: payload.toHex() });
      assertStringIncludes(value ?? `${error}`, "Numbers:[1]");
    },
  },
  {
    name: "an element twice in a set: Kitex writes it, and a Set keeps one of it, but both of equal structs",
    async check(go) {
      const { words, different } = Containers.decode(await sampleOf(go, "an element twice in a set"));
      assertEquals(words, new Set(["a"]));
      assertEquals([...different], [{ name: "a" }, { name: "a" }]);
    },
  },
];
