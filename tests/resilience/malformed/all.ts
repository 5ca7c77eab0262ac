import type { Malformed } from "./case.ts";
import { type Address, type Observed, type Patience, probe } from "./probe.ts";

/** So many connections at a time: most of the cases wait for nothing, those that do need not wait one by one. */
const AT_ONCE = 16;

/** Sends every case to a server. */
export async function probeAll(
  address: Address,
  cases: readonly Malformed[],
  patience: Patience,
  progress: (done: number) => void = () => {},
  send: typeof probe = probe,
): Promise<Observed[]> {
  const observed = new Array<Observed>(cases.length);
  const left = [...cases.entries()];
  let done = 0;
  const work = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [at, one] = next;
      observed[at] = await send(address, one, patience);
      progress(++done);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return observed;
}
