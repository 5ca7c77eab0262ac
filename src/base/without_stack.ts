/**
 * An error whose stack nobody needs, since it is the same each time and none of it is the user's: to take one down costs
 * several microseconds, and keeps objects alive.
 */
export function withoutStack<E extends Error>(make: () => E): E {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
