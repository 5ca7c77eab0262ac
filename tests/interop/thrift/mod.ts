/**
 * The struct codec against Kitex's own: what one writes the other reads, and writes again. Values are random, with
 * fixed seeds; what is known to differ is checked by itself.
 */
import fc from "npm:fast-check@^4";
import { isDeepStrictEqual } from "node:util";
import type { Bytes, StructCodec, ThriftType } from "../../../src/thrift/mod.ts";
import { valuesOf } from "./arbitrary.ts";
import { differences } from "./differences.ts";
import * as types from "./gen/types.ts";
import { buildGoCodec, GoCodec } from "./peer.ts";

export { MissingGo } from "./peer.ts";

/** What a case came to. */
export interface ThriftCase {
  readonly name: string;
  /** What is wrong, where something is. */
  readonly error?: string | undefined;
}

/** How many random values of each type each side makes. */
const RUNS = 200;
const SEED = 20_251;
/** How deep Deno's values are nested. */
const DEPTH = 5;

/** A codec of messages whose type does not matter. */
interface AnyCodec {
  readonly type: ThriftType<unknown>;
  readonly typeName: string;
  readonly encode: (message: unknown) => Bytes;
  readonly decode: (payload: Bytes) => unknown;
}

function anyCodec<T>(codec: StructCodec<T>): AnyCodec {
  return {
    type: codec,
    typeName: codec.typeName,
    encode: (message) => codec.encode(message as T),
    decode: (payload) => codec.decode(payload),
  };
}

const codecs: readonly AnyCodec[] = [
  anyCodec(types.Empty),
  anyCodec(types.Leaf),
  anyCodec(types.Scalars),
  anyCodec(types.Optionals),
  anyCodec(types.Requireds),
  anyCodec(types.Defaults),
  anyCodec(types.Containers),
  anyCodec(types.Choice),
  anyCodec(types.Failure.codec),
  anyCodec(types.Tree),
  anyCodec(types.Everything),
];

/**
 * Builds Kitex's codec and plays every case.
 *
 * @throws (rejects) MissingGo where there is no Go.
 */
export async function thriftCases(): Promise<ThriftCase[]> {
  await using go = new GoCodec(await buildGoCodec());
  const cases: ThriftCase[] = [];
  const run = async (name: string, check: () => Promise<void>) => {
    try {
      await check();
      cases.push({ name });
    } catch (error) {
      cases.push({ name, error: error instanceof Error ? error.message : String(error) });
    }
  };
  for (const codec of codecs) {
    await run(`${codec.typeName}: Kitex writes, Deno reads and writes, Kitex reads`, () => fromGo(go, codec));
    await run(
      `${codec.typeName}: Deno writes, Kitex reads and writes, Deno reads`,
      () => fromDeno(go, codec),
    );
  }
  for (const { name, check } of differences) await run(name, () => check(go));
  return cases;
}

async function fromGo(go: GoCodec, { typeName: type, encode, decode }: AnyCodec): Promise<void> {
  for (let seed = 1; seed <= RUNS; seed++) {
    const made = await go.ask({ op: "make", type, seed });
    if (made.payload === undefined) throw new Error(`value ${seed}: ${made.error}`);
    const payload = encode(decode(Uint8Array.fromHex(made.payload))).toHex();
    const { error } = await go.ask({ op: "same", type, seed, payload });
    if (error !== undefined) throw new Error(`value ${seed}: ${error}`);
  }
}

async function fromDeno(go: GoCodec, { type, typeName, encode, decode }: AnyCodec): Promise<void> {
  for (const message of fc.sample(valuesOf(type, DEPTH), { seed: SEED, numRuns: RUNS })) {
    const { payload, error } = await go.ask({ op: "echo", type: typeName, payload: encode(message).toHex() });
    if (error !== undefined) throw new Error(`${error}, of ${Deno.inspect(message)}`);
    const again = decode(Uint8Array.fromHex(payload ?? ""));
    if (!isDeepStrictEqual(again, message)) {
      throw new Error(`Deno wrote ${Deno.inspect(message)}, and got back ${Deno.inspect(again)}`);
    }
  }
}
