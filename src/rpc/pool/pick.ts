import type { Place, PoolConnection, PooledConnection } from "./pooled_connection.ts";
import { show } from "../../base/format.ts";
import { reasonText } from "../../base/reason.ts";

/**
 * Which connection takes a new stream: the one with the fewest, one after the other, or what a function says of those
 * that may, of which there is at least one. In mode `"exclusive"` those are idle, and the fewest are the address's.
 */
export type PickStrategy =
  | "least-streams"
  | "round-robin"
  | ((candidates: readonly PoolConnection[]) => PoolConnection);

/** Picks one of the connections that may take a stream, of which there is at least one. */
export type Pick = (candidates: readonly PooledConnection[]) => PooledConnection;

/** Looks how much is on each connection already, for one pick. */
export type Loads = () => (connection: PooledConnection) => number;

/** By connection. */
export const streamsOf: Loads = () => ({ streams }) => streams;

/** By address, for connections that are all idle. */
export const loadsOfPlaces: Loads = () => {
  const loads = new Map<Place, number>();
  return ({ place }) => {
    const load = loads.get(place) ?? place.load;
    loads.set(place, load);
    return load;
  };
};

/**
 * @param loads What `"least-streams"` goes by.
 * @throws {TypeError} If `pick` is none.
 */
export function pickOf(
  pick: PickStrategy = "least-streams",
  loads: Loads,
): Pick {
  if (pick === "least-streams") return leastLoaded(loads);
  if (pick === "round-robin") return inTurn();
  if (typeof pick === "function") return byUser(pick);
  throw new TypeError(`pick must be "least-streams", "round-robin" or a function, got ${show(pick)}`);
}

function inTurn(): Pick {
  let turn = 0;
  return (candidates) => at(candidates, turn++);
}

/** Of those with the fewest streams each has its turn: the first one must not get all short calls. */
function leastLoaded(loads: Loads): Pick {
  let turn = 0;
  return (candidates) => {
    const loadOf = loads();
    const from = turn++;
    let best = at(candidates, from);
    let bestLoad = loadOf(best);
    for (let i = 1; i < candidates.length && bestLoad > 0; i++) {
      const candidate = at(candidates, from + i);
      const load = loadOf(candidate);
      if (load < bestLoad) [best, bestLoad] = [candidate, load];
    }
    return best;
  };
}

function byUser(pick: (candidates: readonly PoolConnection[]) => PoolConnection): Pick {
  return (candidates) => {
    let picked: unknown;
    try {
      picked = pick(candidates.slice());
    } catch (cause) {
      throw new Error(`pick threw: ${reasonText(cause)}`, { cause });
    }
    const found = candidates.find((candidate) => candidate === picked);
    if (found === undefined) {
      throw new Error(`pick returned ${show(picked)}, which is none of its candidates`);
    }
    return found;
  };
}

function at<T>(items: readonly T[], i: number): T {
  const item = items[i % items.length];
  if (item === undefined) throw new RangeError("nothing to pick from");
  return item;
}
