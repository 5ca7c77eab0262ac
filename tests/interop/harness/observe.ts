import type { PeerEvent } from "./peer.ts";
import { readException } from "./frames.ts";
import type { Passed } from "./proxy.ts";

/** What one event says, free of everything that differs from run to run. */
export type Fact = Readonly<Record<string, unknown>>;

/** What was seen of a case: of each end of each stream, and of each wire, an ordered list. */
export type Observation = Map<string, Fact[]>;

const ORIGIN = new Set(["case", "node", "role", "lane"]);

/** Sorts events into ends and lanes. */
export function addEvent(seen: Observation, event: PeerEvent): void {
  const { node = "?", role = "?", lane } = event;
  const key = `${node} ${role}${typeof lane === "string" ? ` (lane ${lane})` : ""}`;
  const fact = Object.fromEntries(
    Object.entries(event)
      .filter(([name, value]) =>
        !ORIGIN.has(name) && value !== undefined && value !== null && !(name === "up" && value === false)
      )
      .map((
        [name, value],
      ) => [name, name === "error" ? steady(String(value)) : name === "kv" ? steadyKeys(value) : value]),
  );
  append(seen, key, fact);
}

/** Adds what went over a wire: stream by stream and way by way, the frames in their order, runs of Data as one. */
export function addFrames(seen: Observation, wire: string, passed: readonly Passed[]): void {
  const ids = new Set(passed.map(({ connection, frame }) => `${connection}/${frame.sid}`));
  [...ids].forEach((id, index) => {
    const own = passed.filter(({ connection, frame }) => `${connection}/${frame.sid}` === id);
    const tag = tagOf(own);
    const name = tag !== "" ? ` stream ${tag}` : index === 0 ? "" : ` stream ${index + 1}`;
    for (const way of ["c2s", "s2c"] as const) {
      const facts: Fact[] = [];
      for (const { frame } of own.filter((p) => p.way === way)) {
        if (frame.type === "data" && facts.at(-1)?.frame === "data") continue;
        facts.push(factOf(frame));
      }
      const key = `wire ${wire}${name} ${way}`;
      for (const fact of facts) append(seen, key, fact);
    }
  });
}

/** What the ends of a stream have behind their letters, from the script that came with its call. */
function tagOf(passed: readonly Passed[]): string {
  const script = passed.find(({ frame }) => frame.type === "header" && "RPC_TRANSIT_SCRIPT" in frame.strings);
  const { node }: { node?: unknown } = JSON.parse(script?.frame.strings.RPC_TRANSIT_SCRIPT ?? "{}");
  return typeof node === "string" ? node.slice(1) : "";
}

function factOf(frame: Passed["frame"]): Fact {
  if (frame.type === "data") return { frame: "data" };
  const strings = Object.fromEntries(
    Object.entries(frame.strings).filter(([key]) => key !== "RPC_TRANSIT_SCRIPT").sort(([a], [b]) =>
      a < b ? -1 : 1
    ),
  );
  const said = readException(frame.payload);
  return {
    frame: frame.type,
    ...(Object.keys(strings).length > 0 ? { strings: steadyKeys(strings) } : {}),
    ...(said !== undefined
      ? { exception: { ...said, message: steady(said.message) } }
      : frame.payloadBytes > 0
      ? { payloadBytes: frame.payloadBytes }
      : {}),
  };
}

function append(seen: Observation, key: string, fact: Fact): void {
  const facts = seen.get(key) ?? [];
  facts.push(fact);
  seen.set(key, facts);
}

/** Go writes the keys of `biz-extra` in any order. */
function steadyKeys(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("biz-extra" in value)) return value;
  try {
    return { ...value, "biz-extra": print(JSON.parse(String(value["biz-extra"]))) };
  } catch {
    return value; // one that was broken on purpose
  }
}

/** Takes out of a text what no two runs share. */
export function steady(text: string): string {
  return text
    .replace(/timeout in ctx: ([\d.]+)(µs|ms|s)\b/g, (_, number: string, unit: string) => {
      const ms = Number(number) * (unit === "s" ? 1000 : unit === "ms" ? 1 : 0.001);
      return `timeout in ctx: ${Math.round(ms / 100) * 100}ms`; // Go tells what was left when the stream was made
    })
    .replace(/, actual=[\d.]+(µs|ms|s)\b/g, ", actual=TIME") // of a unary call
    .replace("EOF wait read", "EOF peer close") // the one or the other, by chance
    .replace(/stream\[-?\d+\]/g, "stream[N]")
    .replace(/\d+\.\d+\.\d+\.\d+:\d+/g, "ADDRESS");
}

/** Where two observations differ, in words; none where they agree. */
export function differences(expected: Observation, got: Observation): string[] {
  const found: string[] = [];
  for (const key of [...new Set([...expected.keys(), ...got.keys()])].sort()) {
    const a = expected.get(key) ?? [];
    const b = got.get(key) ?? [];
    for (let i = 0; i < Math.max(a.length, b.length); i++) {
      const [one, other] = [print(a[i]), print(b[i])];
      if (one !== other) found.push(`${key} [${i}]\n    expected ${one}\n    got      ${other}`);
    }
  }
  return found;
}

/** JSON with its keys in order. */
export function print(fact: unknown): string {
  if (fact === undefined) return "nothing";
  return JSON.stringify(
    fact,
    (_key, value: unknown) =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1))
        : value,
  );
}

/** All error texts of an observation, for a golden file. */
export function texts(seen: Observation): { at: string; error: string; code?: number; kind?: string }[] {
  const all: { at: string; error: string; code?: number; kind?: string }[] = [];
  for (const [at, facts] of [...seen].sort(([a], [b]) => a < b ? -1 : 1)) {
    for (const { error, code, kind, ev } of facts) {
      if (typeof error !== "string") continue;
      all.push({
        at: `${at}: ${ev}`,
        error,
        ...(typeof code === "number" ? { code } : {}),
        ...(typeof kind === "string" ? { kind } : {}),
      });
    }
  }
  return all;
}
