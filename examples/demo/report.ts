/** How a service tells the demo what it sees: one line of JSON on its standard output for each event. */
import { ErrorCode, TTStreamError } from "@ttstream/ttstream";

/** What a service may report. */
const KINDS = ["listening", "asked", "cancels", "made", "ended"] as const;

export type ReportKind = typeof KINDS[number];

export interface Report {
  readonly kind: ReportKind;
  /** When it happened, on the clock of {@linkcode now}. */
  readonly at: number;
  /** `listening`: the port; `ended`: the error's whole text, empty where there was none; else words for the audience. */
  readonly text: string;
}

/** Milliseconds since 1970, as fine as the system's clock: all processes of the machine agree on it. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

function send(kind: ReportKind, text: string, at = now()): void {
  const line = JSON.stringify({ kind, at, text } satisfies Report);
  // Written in a later turn: a report must not hold up what it reports.
  setTimeout(() => console.log(line));
}

/** For the services: each call is one report. */
export const report = {
  /** The service can be reached. */
  listening: ({ port }: Deno.NetAddr): void => send("listening", String(port)),
  /** Somebody asks it for something. */
  asked: (text: string): void => send("asked", text),
  /** It has cancelled a stream, at `at`. */
  cancels: (why: string, at: number): void => send("cancels", why, at),
  /** A stream has ended: well, or for a reason. */
  ended: (reason?: unknown): void => send("ended", endedWell(reason) ? "" : textOf(reason)),
  /** What it has made of a stream that has ended. */
  made: (text: string): void => send("made", text),
};

/** Every stream's signal aborts in the end. With 12012 and no path it was the service's own handler that returned. */
function endedWell(reason: unknown): boolean {
  if (reason === undefined) return true;
  return reason instanceof TTStreamError && reason.code === ErrorCode.HandlerReturned &&
    reason.cancelPath.length === 0;
}

function textOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}

/** Reads one line of a service. @returns `undefined` where it is no report. */
export function parseReport(line: string): Report | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined; // the demo says what came instead
  }
  if (typeof value !== "object" || value === null) return undefined;
  if (!("kind" in value && "at" in value && "text" in value)) return undefined;
  const { at, text } = value;
  const kind = KINDS.find((known) => known === value.kind);
  if (kind === undefined || typeof at !== "number" || typeof text !== "string") return undefined;
  return { kind, at, text };
}
