/** A service lives as long as the demo does: its standard input closes when the demo has ended, however it ended. */

/** Milliseconds a service may take to close what it has open. */
const CLOSING_MS = 1_000;

/** Aborts when the demo is gone. */
export const demoGone: AbortSignal = watch();

function watch(): AbortSignal {
  const gone = new AbortController();
  (async () => {
    try {
      for await (const _ of Deno.stdin.readable);
    } finally {
      gone.abort();
      // Nothing is left to wait for by now; but whatever happens, no process stays behind.
      Deno.unrefTimer(setTimeout(() => Deno.exit(1), CLOSING_MS));
    }
  })();
  return gone.signal;
}
