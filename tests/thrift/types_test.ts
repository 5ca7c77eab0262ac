/** What TypeScript says about codecs: exact types, and programs that must not compile. */
import { assert, assertStringIncludes } from "@std/assert";
import {
  binary,
  bool,
  byte,
  type Bytes,
  type Codec,
  double,
  enumeration,
  exception,
  field,
  i16,
  i32,
  i64,
  type Infer,
  lazy,
  list,
  map,
  set,
  string,
  struct,
  type StructCodec,
  union,
} from "../../src/thrift/mod.ts";

/** `true` where two types are the same, not only assignable to each other. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

const Point = struct("Point", { x: field(1, i32), y: field(2, i32) });
const Shape = union("Shape", { text: field(1, string), image: field(2, binary), point: field(3, Point) });
const Everything = struct("Everything", {
  bool: field(1, bool),
  byte: field(2, byte, { required: true }),
  i16: field(3, i16, { default: 5 }),
  i32: field(4, i32, { optional: false }),
  i64: field(5, i64),
  double: field(6, double, { optional: true }),
  string: field(7, string, { optional: true, default: "" }),
  binary: field(8, binary, { optional: true }),
  enumeration: field(9, enumeration("Color", { RED: 0, GREEN: 1 })),
  list: field(10, list(list(string))),
  set: field(11, set(i64)),
  map: field(12, map(string, Point)),
  lazy: field(13, lazy(() => Point)),
  shape: field(14, Shape, { optional: true }),
});
const Oops = exception("Oops", { message: field(1, string), code: field(2, i32, { optional: true }) });

const exact: readonly [
  Same<Infer<typeof i64>, bigint>,
  Same<Infer<typeof Point>, { x: number; y: number }>,
  Same<Infer<typeof Shape>, { text: string } | { image: Bytes } | { point: { x: number; y: number } }>,
  Same<Infer<typeof Oops>, { message: string; code?: number | undefined }>,
  Same<
    Infer<typeof Everything>,
    {
      bool: boolean;
      byte: number;
      i16: number;
      i32: number;
      i64: bigint;
      double?: number | undefined;
      string?: string | undefined;
      binary?: Bytes | undefined;
      enumeration: number;
      list: string[][];
      set: Set<bigint>;
      map: Map<string, { x: number; y: number }>;
      lazy: { x: number; y: number };
      shape?: { text: string } | { image: Bytes } | { point: { x: number; y: number } } | undefined;
    }
  >,
  Same<Infer<ReturnType<typeof empty>>, Record<never, never>>,
] = [true, true, true, true, true, true];

function empty() {
  return struct("Empty", {});
}

Deno.test("Infer gives exact types", () => {
  // The compiler has checked them.
  assert(exact.every((same) => same));
});

Deno.test("a codec of a written-out interface is a codec of it", () => {
  interface Node {
    value: number;
    next?: Node | undefined;
  }
  const Node: StructCodec<Node> = struct("Node", {
    value: field(1, i32),
    next: field(2, lazy(() => Node), { optional: true }),
  });
  const codec: Codec<Node> = Node;
  assert(codec.decode(Node.encode({ value: 1 })).value === 1);
});

interface Refused {
  readonly what: string;
  readonly program: string;
  readonly message: string;
}

const refused: readonly Refused[] = [
  {
    what: "a number for a string",
    program: `Chat.encode({ message: 1, n: 1n });`,
    message: "Type 'number' is not assignable to type 'string'",
  },
  {
    what: "a number for an i64",
    program: `Chat.encode({ message: "", n: 1 });`,
    message: "Type 'number' is not assignable to type 'bigint'",
  },
  {
    what: "a message without a field",
    program: `Chat.encode({ message: "" });`,
    message: "Property 'n' is missing",
  },
  {
    what: "a field that the struct has not",
    program: `Chat.encode({ message: "", n: 1n, m: 1 });`,
    message: "'m' does not exist in type",
  },
  {
    what: "null for an optional field",
    program: `Chat.encode({ message: "", n: 1n, blob: null });`,
    message: "Type 'null' is not assignable",
  },
  {
    what: "an array for a set",
    program: `Bag.encode({ s: [1], m: new Map() });`,
    message: "missing the following properties from type 'Set<number>'",
  },
  {
    what: "an object for a map",
    program: `Bag.encode({ s: new Set(), m: { a: 1 } });`,
    message: "does not exist in type 'Map<string, number>'",
  },
  {
    what: "a union without a field",
    program: `Choice.encode({});`,
    message: "not assignable to parameter of type",
  },
  {
    what: "a field that the union has not",
    program: `Choice.encode({ other: 1 });`,
    message: "'other' does not exist in type",
  },
  {
    what: "a wrong value in create()",
    program: `Chat.create({ n: 1 });`,
    message: "Type 'number' is not assignable to type 'bigint'",
  },
  {
    what: "a wrong element",
    program: `struct("L", { l: field(1, list(i32)) }).encode({ l: ["a"] });`,
    message: "Type 'string' is not assignable to type 'number'",
  },
  {
    what: "a default of another type",
    program: `field(1, i32, { default: "a" });`,
    message: "Type 'string' is not assignable to type 'number'",
  },
  {
    what: "a field that is optional and required",
    program: `field(1, i32, { optional: true, required: true });`,
    message: "Type 'true' is not assignable to type 'false'",
  },
  {
    what: "a decoded optional field used as if it were set",
    program: `Chat.decode(new Uint8Array()).blob.length;`,
    message: "possibly 'undefined'",
  },
  {
    what: "an interface that lacks a field of its codec",
    program:
      `interface P { x: number } const P: StructCodec<P> = struct("P", { x: field(1, i32), y: field(2, i32) });`,
    message: "is not assignable to type 'StructCodec<P>'",
  },
  {
    what: "an interface with a field that its codec has not",
    program:
      `interface P { x: number; y: number } const P: StructCodec<P> = struct("P", { x: field(1, i32) });`,
    message: "is not assignable to type 'StructCodec<P>'",
  },
  {
    what: "an interface that requires what its codec may leave out",
    program:
      `interface P { x: number } const P: StructCodec<P> = struct("P", { x: field(1, i32, { optional: true }) });`,
    message: "is not assignable to type 'StructCodec<P>'",
  },
];

const prelude = `
import { binary, field, i32, i64, list, map, set, string, struct, union } from "${new URL(
  "../../src/thrift/mod.ts",
  import.meta.url,
)}";
import type { StructCodec } from "${new URL("../../src/thrift/mod.ts", import.meta.url)}";
const Chat = struct("Chat", { message: field(1, string), n: field(2, i64), blob: field(3, binary, { optional: true }) });
const Bag = struct("Bag", { s: field(1, set(i32)), m: field(2, map(string, i32)) });
const Choice = union("Choice", { text: field(1, string), n: field(2, i32) });
Chat.encode({ message: "", n: 1n, blob: undefined }); // So that a prelude that is broken shows.
`;

Deno.test("what is wrong is refused by the compiler", async (t) => {
  const directory = await Deno.makeTempDir();
  try {
    const paths = refused.map((_, i) => `${directory}/${i}.ts`);
    const accepted = `${directory}/accepted.ts`;
    await Promise.all([
      Deno.writeTextFile(
        accepted,
        `${prelude}export type All = StructCodec<never>;`,
      ),
      ...refused.map(({ program }, i) => Deno.writeTextFile(`${directory}/${i}.ts`, `${prelude}${program}`)),
    ]);
    const good = await check([accepted]);
    assert(good.success, good.output);
    // One run for all of them: the compiler takes a second to start.
    const { success, output } = await check(paths);
    assert(!success);
    const reports = output.split(/(?=TS\d+ \[ERROR\])/);
    for (const [i, { what, message }] of refused.entries()) {
      await t.step(what, () => {
        const own = reports.filter((report) => report.includes(`/${i}.ts:`)).join("");
        assertStringIncludes(own, message);
      });
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

async function check(paths: string[]): Promise<{ success: boolean; output: string }> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["check", "--quiet", "--no-config", ...paths],
    env: { NO_COLOR: "1" },
  });
  const { success, stderr } = await command.output();
  return { success, output: new TextDecoder().decode(stderr) };
}
