import type { Case } from "./cases/case.ts";
import type { Observation } from "./harness/observe.ts";

/** Where a run may differ from Kitex's own, exactly how, and why. */
export interface Meant {
  readonly why: string;
  /** Turns what Kitex showed into what is expected of this casting. */
  readonly rewrite: (
    expected: Observation,
    run: { readonly one: Case; readonly casting: string; readonly seen: Observation },
  ) => void;
}

export const MEANT: readonly Meant[] = [];
