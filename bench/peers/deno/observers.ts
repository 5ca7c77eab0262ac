import type { Observer } from "../../../mod.ts";

/** One observer that hears everything there is, and adds it up. */
function counting(): Observer {
  const total = { streams: 0, messages: 0, bytes: 0, ended: 0 };
  const count = (bytes: number) => {
    total.messages++;
    total.bytes += bytes;
  };
  return {
    opened() {
      total.streams++;
      return {
        run: (task) => task(),
        header: () => void total.messages++,
        sent: count,
        received: count,
        ended: ({ durationMs }) => void (total.ended += durationMs),
      };
    },
  };
}

/** The observers of a peer, by the name that it has been started with; none without. */
export async function observersNamed(name: string | undefined): Promise<readonly Observer[]> {
  switch (name) {
    case undefined:
    case "none":
      return [];
    case "observed":
      return [counting()];
    case "traced":
      // Only where it is asked for: what starts cold must not load it.
      return [(await import("./traced.ts")).traced({ recorded: true })];
    case "unsampled":
      return [(await import("./traced.ts")).traced({ recorded: false })];
    case "traced by Deno":
      return [(await import("./traced.ts")).tracedByDeno()];
    default:
      throw new Error(`no observers are called ${name}`);
  }
}
