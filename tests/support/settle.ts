/** Turns of the event loop without progress after which nothing more is expected. */
const QUIET_TURNS = 30;
/** What lies in the kernel comes within this, in milliseconds a turn. */
const TURN_MS = 2;

/** Waits until `progress` has stood still for a while, and gives it back. It must have moved at all. */
export async function settled(progress: () => number): Promise<number> {
  let last = progress();
  for (let quiet = 0; quiet < QUIET_TURNS || last === 0;) {
    await new Promise((resolve) => setTimeout(resolve, TURN_MS));
    const now = progress();
    quiet = now === last ? quiet + 1 : 0;
    last = now;
  }
  return last;
}
