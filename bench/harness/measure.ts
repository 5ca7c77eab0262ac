import { type Case, type Figure, type Figures, median, type Medians } from "./case.ts";
import { type Contender, type ContenderName, Pair } from "./contenders.ts";
import type { Curve, Growth } from "../growth.ts";

/** How long and how often. */
export interface Settings {
  readonly rounds: number;
  readonly roundMs: number;
  readonly warmUpMs: number;
}

/** What came of a case; `absent` says why a contender has no figures. */
export interface CaseResult {
  readonly of: Case;
  readonly medians: Medians;
  readonly absent: ReadonlyMap<ContenderName, string>;
}

/** What came of a growth. */
export interface GrowthResult {
  readonly of: Growth;
  readonly curves: ReadonlyMap<ContenderName, Curve>;
}

/** Finds a contender, or says why it is not there. */
export type Find = (name: ContenderName) => Contender | { readonly missing: string };

/** Runs a case: fresh processes, a warm-up each, and then round by round, in turns. */
export async function measure(
  of: Case,
  find: Find,
  settings: Settings,
  progress: (what: string) => void,
): Promise<CaseResult> {
  const team = new Team(find);
  try {
    await team.start(of.contenders, of.start);
    const rounds = of.rounds ?? settings.rounds;
    const roundMs = of.roundMs ?? settings.roundMs;
    const runs = new Map<ContenderName, Figures[]>();
    // One long round is its own warm-up, and new processes have none.
    for (let round = rounds === 1 || of.fresh === true ? 1 : 0; round <= rounds; round++) {
      for (const name of team.present) {
        // Just before its own run: what starts cold must not wait for its turn.
        if (of.fresh === true) await team.renew(name);
        progress(`${of.name} · ${name} · ${round === 0 ? "warm-up" : `round ${round} of ${rounds}`}`);
        const ms = round === 0 ? settings.warmUpMs : roundMs;
        await team.attempt(name, async (pair) => {
          const figures = await of.run(pair, ms);
          if (round > 0) runs.set(name, [...runs.get(name) ?? [], figures]);
        });
      }
    }
    const medians = new Map<ContenderName, Figures>();
    for (const name of team.present) medians.set(name, mediansOf(runs.get(name) ?? []));
    return { of, medians, absent: team.absent };
  } finally {
    await team.stop();
  }
}

/** Measures how cost grows: each value in turns, as the rounds of a case. */
export async function measureGrowth(
  of: Growth,
  find: Find,
  settings: Settings,
  progress: (what: string) => void,
): Promise<GrowthResult> {
  const team = new Team(find);
  try {
    await team.start(of.contenders);
    const curves = new Map<ContenderName, number[]>();
    for (const value of of.values) {
      const runs = new Map<ContenderName, number[]>();
      for (let round = 0; round <= settings.rounds; round++) {
        for (const name of team.present) {
          progress(`${of.name} · ${value} · ${name}`);
          await team.attempt(name, async (pair) => {
            const figure = await of.run(pair, value, round === 0 ? settings.warmUpMs : settings.roundMs);
            if (round > 0) runs.set(name, [...runs.get(name) ?? [], figure]);
          });
        }
      }
      for (const name of team.present) {
        curves.set(name, [...curves.get(name) ?? [], median(runs.get(name) ?? [])]);
      }
    }
    return { of, curves };
  } finally {
    await team.stop();
  }
}

/** The contenders of a case. One that fails is out, and the others go on. */
class Team {
  readonly absent: Map<ContenderName, string> = new Map();
  readonly #find: Find;
  readonly #pairs: Map<ContenderName, Pair> = new Map();
  #change: (contender: Contender) => Contender = (contender) => contender;

  constructor(find: Find) {
    this.#find = find;
  }

  get present(): ContenderName[] {
    return [...this.#pairs.keys()];
  }

  async start(names: readonly ContenderName[], change = this.#change): Promise<void> {
    this.#change = change;
    for (const name of names) {
      const found = this.#find(name);
      if ("missing" in found) {
        this.absent.set(name, found.missing);
        continue;
      }
      try {
        this.#pairs.set(name, await Pair.start(name, change(found)));
      } catch (error) {
        this.absent.set(name, textOf(error));
      }
    }
  }

  async attempt(name: ContenderName, work: (pair: Pair) => Promise<void>): Promise<void> {
    const pair = this.#pairs.get(name);
    if (pair === undefined) return;
    try {
      await work(pair);
    } catch (error) {
      this.absent.set(name, textOf(error));
      this.#pairs.delete(name);
      await pair[Symbol.asyncDispose]();
    }
  }

  /** Starts one of them anew. */
  async renew(name: ContenderName): Promise<void> {
    await this.#pairs.get(name)?.[Symbol.asyncDispose]();
    this.#pairs.delete(name);
    await this.start([name]);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#pairs.values()].map((pair) => pair[Symbol.asyncDispose]()));
  }
}

function mediansOf(runs: readonly Figures[]): Figures {
  const figures: Partial<Record<Figure, number>> = {};
  for (const figure of FIGURES) {
    const values = runs.map((run) => run[figure]).filter((value) => value !== undefined);
    if (values.length > 0) figures[figure] = median(values);
  }
  return figures;
}

const FIGURES: readonly Figure[] = [
  "perSecond",
  "mbPerSecond",
  "p50Ms",
  "p99Ms",
  "clientBytes",
  "serverBytes",
  "percent",
  "firstMs",
  "nextMs",
];

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
