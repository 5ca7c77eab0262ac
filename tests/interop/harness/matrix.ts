import type { Case } from "../cases/case.ts";
import { MEANT, type Meant } from "../meant.ts";
import type { Call, Op } from "../script.ts";
import { type Cast, execute, type Played } from "./execute.ts";
import { differences, type Observation } from "./observe.ts";
import type { Peer } from "./peer.ts";

/** Who plays A, B, C and so on: G is Kitex, D this library, O an old Kitex. The first casting of a case is the control. */
export type Casting = string;

/** How one case went with one casting. */
export interface Result {
  readonly casting: Casting;
  readonly outcome: "control" | "same" | "meant" | "failed";
  /** The meant differences that were found. */
  readonly meant: readonly string[];
  readonly failures: readonly string[];
  /** What was wrong at first, while the machine was busy; such a case is played once more, alone. */
  readonly atFirst: readonly string[];
  /** Milliseconds from a cancel at A to its Rst on the wire, as the runner saw it. */
  readonly rstAfterMs?: number | undefined;
}

/** One row of the table. */
export interface Row {
  readonly one: Case;
  readonly control: Observation;
  readonly results: readonly Result[];
}

/** Two peers of each kind, so that neighbours in a chain are processes of their own. */
export interface Troupe {
  readonly G: readonly [Peer, Peer];
  readonly D?: readonly [Peer, Peer];
  readonly O?: readonly [Peer, Peer];
}

/** Everything, Kitex alone, or an old Kitex server with a new Kitex client as the control. */
export type Mode = "all" | "control" | "old server";

const AT_ONCE = 10;
const CASTINGS: Readonly<Record<number, readonly Casting[]>> = {
  1: ["G", "D"],
  2: ["GG", "DG", "GD", "DD"],
  3: ["GGG", "GDG", "DGD", "DDD"],
  4: ["GGGG", "GDGD", "DGDG", "GDDG", "DDDD"],
  5: ["GGGGG", "GDGDG", "DGDGD", "DDGGD", "DDDDD"],
};

export function castingsOf(one: Case, mode: Mode): readonly Casting[] {
  const castings = CASTINGS[nodesOf(one)] ?? [];
  if (one.oldServer === true) {
    const [control, old] = one.kind === "scripted" ? ["GG", "DO"] : ["G", "O"];
    return mode === "control" ? [control] : [control, old];
  }
  switch (mode) {
    case "all":
      return castings;
    case "control":
      return castings.slice(0, 1);
    case "old server":
      // Its contexts do not end, and a cancel that is a Rst costs the connection.
      return castings.includes("GG") && !/"do":"(done|cancel)"|"cancel":true/.test(JSON.stringify(one))
        ? ["GO", "DO"]
        : [];
  }
}

function nodesOf(one: Case): number {
  if (one.kind !== "scripted") return 1;
  const deepest = (call: Call): number => 1 + Math.max(0, ...callsIn(call.server ?? []).map(deepest));
  return 1 + Math.max(...one.calls.flat().map(deepest));
}

function callsIn(ops: readonly Op[]): Call[] {
  return ops.flatMap((op) =>
    op.do === "call" ? [op.call] : op.do === "lanes" ? op.lanes.flatMap(callsIn) : []
  );
}

/** Runs everything: light cases several at a time, heavy ones alone, what failed once more. */
export async function runMatrix(
  cases: readonly Case[],
  troupe: Troupe,
  mode: Mode,
  progress: (done: number, all: number) => void,
  meant: readonly Meant[] = MEANT,
): Promise<Row[]> {
  const seen = new Map<string, Played>();
  const jobs = cases.flatMap((one, index) =>
    castingsOf(one, mode).map((casting) => ({ one, casting, key: `${index}.${casting}` }))
  );
  const isHeavy = ({ one }: { one: Case }) => one.kind === "scripted" && one.heavy === true;
  const perform = async ({ one, casting, key }: typeof jobs[number], attempt = "") => {
    seen.set(key, await execute(one, key + attempt, castFor(one, casting, troupe)));
    progress(seen.size, jobs.length);
  };
  // The slowest first: they wait, they do not work.
  const light = jobs.filter((job) => !isHeavy(job)).sort((a, b) => slowness(b.one) - slowness(a.one));
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let job = light.shift(); job !== undefined; job = light.shift()) await perform(job);
  }));
  for (const job of jobs.filter(isHeavy)) await perform(job);

  const rows: Row[] = [];
  for (const [index, one] of cases.entries()) {
    const own = jobs.filter((job) => job.key.startsWith(`${index}.`));
    const [first, ...others] = own;
    if (first === undefined) continue;
    const judge = (job: typeof jobs[number]) =>
      judged(one, job.casting, need(seen, first.key), need(seen, job.key), meant);
    const results: Result[] = [];
    let control = judgedControl(first.casting, need(seen, first.key));
    if (control.outcome === "failed") {
      await perform(first, ".again");
      control = { ...judgedControl(first.casting, need(seen, first.key)), atFirst: control.failures };
    }
    results.push(control);
    for (const job of others) {
      let result = judge(job);
      if (result.outcome === "failed") {
        await perform(first, `.${job.casting}.control`);
        await perform(job, ".again");
        result = { ...judge(job), atFirst: result.failures };
      }
      results.push(result);
    }
    rows.push({ one, control: need(seen, first.key).seen, results });
  }
  return rows;
}

function need(seen: ReadonlyMap<string, Played>, key: string): Played {
  const observation = seen.get(key);
  if (observation === undefined) throw new Error(`${key} was not run`);
  return observation;
}

/** A guess at how long a case sleeps: only an order to run them in. */
function slowness(one: Case): number {
  return one.group === "Kitex cancel" ? 2 : one.group.startsWith("chains") ? 1 : 0;
}

function castFor(one: Case, casting: Casting, troupe: Troupe): Cast {
  const names = one.kind === "raw client" ? ["B"] : ["A", "B", "C", "D", "E"];
  return Object.fromEntries([...casting].map((letter, index) => {
    const pair = letter === "G" ? troupe.G : letter === "O" ? troupe.O : troupe.D;
    const peer = pair?.[index % 2];
    if (peer === undefined) throw new Error(`nobody plays ${letter}`);
    return [names[index] ?? "?", peer];
  }));
}

function judgedControl(casting: Casting, { seen, rstAfterMs }: Played): Result {
  const failures = trouble(seen);
  return {
    casting,
    outcome: failures.length > 0 ? "failed" : "control",
    meant: [],
    failures,
    atFirst: [],
    rstAfterMs,
  };
}

/** Things that no run may show. */
function trouble(seen: Observation): string[] {
  return [...seen].flatMap(([at, facts]) =>
    facts.filter((fact) =>
      fact.stuck === true || /^(stuck|died|unknown op|the runner waited)/.test(String(fact.ev))
    )
      .map((fact) => `${at}: ${JSON.stringify(fact)}`)
  );
}

function judged(
  one: Case,
  casting: Casting,
  { seen: control }: Played,
  { seen, rstAfterMs }: Played,
  rules: readonly Meant[],
): Result {
  const base = { casting, atFirst: [], rstAfterMs };
  if (differences(control, seen).length === 0) {
    return { ...base, outcome: "same", meant: [], failures: trouble(seen) };
  }
  const expected: Observation = new Map([...control].map(([key, facts]) => [key, [...facts]]));
  const meant: string[] = [];
  for (const { why, rewrite } of rules) {
    const before = new Map([...expected].map(([key, facts]) => [key, [...facts]]));
    rewrite(expected, { one, casting, seen });
    if (differences(before, expected).length > 0) meant.push(why);
  }
  const failures = [...differences(expected, seen), ...trouble(seen)];
  return { ...base, outcome: failures.length > 0 ? "failed" : "meant", meant, failures };
}
