/** Calls `task` once `signal` aborts. @returns A function that takes it back. */
export function whenAborted(signal: AbortSignal | undefined, task: () => void): () => void {
  if (signal === undefined) return () => {};
  if (signal.aborted) {
    task();
    return () => {};
  }
  signal.addEventListener("abort", task, { once: true });
  return () => signal.removeEventListener("abort", task);
}
