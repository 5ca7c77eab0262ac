import { texts } from "./observe.ts";
import type { Observation } from "./observe.ts";

/** One text that Kitex printed, taken apart. */
export interface GoldenText {
  readonly message: string;
  readonly code?: number;
  readonly kind?: string;
  readonly side?: string;
  readonly cancelPath?: readonly string[];
  readonly description?: string;
  /** One place where it was seen. */
  readonly seen: string;
}

/** What the golden file holds. */
export interface Golden {
  readonly kitex: string;
  readonly madeBy: string;
  readonly texts: readonly GoldenText[];
}

const SHAPE =
  /^\[ttstream error, code=(-?\d+)\] (?:\[(client|server)-side stream\] )?(?:\[canceled path: (.*?)\] )?([\s\S]*)$/;

/** Every text once, in a steady order. */
export function goldenOf(kitex: string, seen: readonly (readonly [string, Observation])[]): Golden {
  const found = new Map<string, GoldenText>();
  for (const [name, observation] of seen) {
    for (const { at, error, kind } of texts(observation)) {
      if (found.has(error)) continue;
      const parts = SHAPE.exec(error);
      if (parts === null && !error.startsWith("biz error: ")) continue; // what a script made up itself
      const [, code, side, path, description] = parts ?? [];
      found.set(error, {
        message: error,
        ...(parts === null ? {} : { code: Number(code), description: description ?? "" }),
        ...(kind === undefined || parts === null ? {} : { kind }),
        ...(side === undefined ? {} : { side }),
        ...(path === undefined ? {} : { cancelPath: path.split(" -> ") }),
        seen: `${name}; ${at}`,
      });
    }
  }
  const sorted = [...found.values()].sort((a, b) =>
    (a.code ?? 0) - (b.code ?? 0) || (a.message < b.message ? -1 : 1)
  );
  return { kitex, madeBy: "deno task interop --write-golden", texts: sorted };
}

const FILE = new URL("../golden/texts.json", import.meta.url);

/** Writes the golden file. */
export async function writeGolden(golden: Golden): Promise<void> {
  await Deno.mkdir(new URL(".", FILE), { recursive: true });
  await Deno.writeTextFile(FILE, JSON.stringify(golden, null, 2) + "\n");
}

/** What differs between the golden file and what Kitex just printed. */
export async function compareGolden(golden: Golden): Promise<string[]> {
  const file: Golden = JSON.parse(await Deno.readTextFile(FILE));
  const [before, now] = [file.texts, golden.texts].map((list) =>
    new Map(list.map((text) => [text.message, text]))
  );
  const key = ({ seen: _, ...text }: GoldenText) => JSON.stringify(text);
  return [
    ...file.kitex === golden.kitex ? [] : [`the file is of Kitex ${file.kitex}, this run of ${golden.kitex}`],
    ...file.texts.filter((t) => !now?.has(t.message)).map((t) =>
      `no longer printed: ${JSON.stringify(t.message)} (${t.seen})`
    ),
    ...golden.texts.filter((t) => !before?.has(t.message)).map((t) =>
      `not in the file: ${JSON.stringify(t.message)} (${t.seen})`
    ),
    ...golden.texts.filter((t) => {
      const old = before?.get(t.message);
      return old !== undefined && key(old) !== key(t);
    }).map((t) => `read differently: ${JSON.stringify(t.message)}`),
  ];
}
