/**
 * Calls a hook of the user's. One that throws, or whose promise rejects, must not take anything else with it.
 *
 * @param name How the user calls it, for what is printed.
 */
export function callSafely(name: string, hook: () => unknown): void {
  try {
    Promise.resolve(hook()).then(undefined, (error) => complain(name, "rejected", error));
  } catch (error) {
    complain(name, "threw", error);
  }
}

function complain(name: string, how: string, error: unknown): void {
  try {
    console.error(`ttstream: ${name} ${how}:`, error);
  } catch {
    // The error cannot be printed: a getter of its own throws.
    console.error(`ttstream: ${name} ${how} an error that cannot be printed`);
  }
}
