import type { Observer, Side } from "../../mod.ts";
import { showError } from "./ends.ts";

/** What an observer has been told of the ends of streams, a line each: more than one line is a fault. */
export class Ended {
  readonly #lines: Record<Side, Map<string, string[]>> = { client: new Map(), server: new Map() };

  /** Knows a stream by the key `k` of its metadata. */
  readonly observer: Observer = {
    opened: ({ side, metadata }) => {
      const lines: string[] = [];
      const key = metadata.get("k") ?? `without a key, ${this.#lines[side].size}`;
      this.#lines[side].set(key, lines);
      return {
        ended: ({ error }) => void lines.push(error === undefined ? "ok" : `! ${showError(error)}`),
      };
    },
  };

  /** How a stream has ended, for as far as it has. */
  of(side: Side, key: number): readonly string[] {
    return this.#lines[side].get(`${key}`) ?? ["never opened"];
  }

  /** Streams that began and have not ended once. */
  left(): string[] {
    return (["client", "server"] as const).flatMap((side) =>
      [...this.#lines[side]]
        .filter(([, lines]) => lines.length !== 1)
        .map(([key, lines]) => `stream ${key} at the ${side} has ended ${lines.length} times: ${lines}`)
    );
  }
}
