/**
 * Marks a promise as handled: its rejection ends no process where nobody awaits it, and whoever does still sees it. For
 * all that the end of a stream may reject, since it comes without being asked for.
 */
export function handled<P extends Promise<unknown>>(promise: P): P {
  promise.then(undefined, nothing);
  return promise;
}

function nothing(): void {}
