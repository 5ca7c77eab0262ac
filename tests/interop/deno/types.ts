import { isDeepStrictEqual } from "node:util";
import type { ClientStream } from "../../../mod.ts";
import { Everything, type Node } from "./messages.ts";
import { attempt, type End, tell } from "./play.ts";

/** Sends values of every type and compares what comes back with what went out. */
export async function sendTypes(end: End, stream: ClientStream<Everything, Everything>): Promise<void> {
  const reader = stream.readable.getReader();
  const writer = stream.writable.getWriter();
  for (const [value, sent] of everything().entries()) {
    try {
      await writer.write(sent);
      const got = (await reader.read()).value;
      const equal = isDeepStrictEqual(sent, got);
      tell(end, "types", {
        value,
        equal,
        ...(equal ? {} : { sent: Deno.inspect(sent), got: Deno.inspect(got) }),
      });
    } catch (error) {
      return tell(end, "types", { value }, error);
    }
  }
  await attempt(end, "close", () => writer.close());
  const { done } = await reader.read();
  tell(end, "recv", done ? { end: true } : {});
}

function everything(): Everything[] {
  // A union has no zero value; Kitex reads the default of an optional field as 0.
  const plain = Everything.create({ shape: { label: "a label" }, limit: 7 });
  return [plain, full(), extreme()];
}

function full(): Everything {
  return {
    yes: true,
    small: -7,
    shortNumber: 300,
    number: 70_000,
    big: 5_000_000_000n,
    real: 2.5,
    text: "text",
    raw: Uint8Array.of(0, 1, 255),
    colour: 7,
    leaf: { name: "leaf", weight: 9 },
    shape: { leaf: { name: "in a union", weight: 3 } },
    refused: { code: 4, reason: "no" },
    tree: tree("root", 4),
    names: ["a", "", "c"],
    primes: new Set([2, 3, 5]),
    totals: new Map([["x", 1n], ["", -1n]]),
    leaves: new Map([[1, [{ name: "a" }, { name: "b", weight: 1 }]], [2, []]]),
    deep: [new Map([["p", new Set([1n, 2n])], ["q", new Set<bigint>()]]), new Map()],
    matrix: [[1, 0], [0, 1], []],
    colours: new Map([[1, "red"], [7, "blue"]]),
    note: "a note",
    count: 12n,
    blobs: [Uint8Array.of(1), new Uint8Array(), Uint8Array.of(2, 3)],
    flag: true,
    greeting: "good evening",
    answer: 0,
    limit: 0,
    must: 28n,
    far: "far",
  };
}

function extreme(): Everything {
  return {
    ...full(),
    small: -128,
    shortNumber: -32_768,
    number: -2_147_483_648,
    big: -(2n ** 63n),
    real: -Infinity,
    must: 2n ** 63n - 1n,
    text: "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n",
    far: "\0",
    colour: 99,
    shape: { points: [1n, -1n, 2n ** 63n - 1n] },
    colours: new Map([[-1, "unknown"]]),
    raw: new Uint8Array(100_000),
    matrix: [[Number.MAX_VALUE, Number.MIN_VALUE, -0]],
  };
}

function tree(name: string, depth: number): Node {
  if (depth === 0) return { name, children: [] };
  return {
    name,
    next: tree(`${name}n`, depth - 1),
    children: [tree(`${name}l`, depth - 1), tree(`${name}r`, depth - 1)],
  };
}
