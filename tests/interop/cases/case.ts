import type { Call, Op, Options, Strings } from "../script.ts";
import type { Sketch } from "../harness/frames.ts";

/** What all cases have. */
interface Common {
  readonly name: string;
  readonly group: string;
  /** Its texts go into the golden file. */
  readonly golden?: boolean;
  /** Frames that depend on the clock are not compared. */
  readonly frames?: boolean;
  /** Of a server of Kitex v0.14.1; the control is a new one. */
  readonly oldServer?: boolean;
}

/** Two or more nodes that play their scripts. The first of them, A, makes the calls, one after the other. */
export interface ScriptedCase extends Common {
  readonly kind: "scripted";
  /** A list in the list is of calls that are made at once. */
  readonly calls: readonly (Call | readonly Call[])[];
  /** How many handlers end, where it is not one for each call. */
  readonly handlers?: number;
  /** How many connections there were, and how many of them were lost, is compared, too. */
  readonly connections?: boolean;
  /** Takes the machine for itself. */
  readonly heavy?: boolean;
}

/** What a hand-written end does: it sends, waits until the other end has told of so many reads, or closes. */
export type RawStep = Sketch | Uint8Array | { readonly heard: number } | "pause" | "close";

/** A client against a server made of hand-written bytes. */
export interface RawServerCase extends Common {
  readonly kind: "raw server";
  readonly call: Call;
  /** What the raw server sends once the client's `when` (its Header, where not said) has arrived. */
  readonly sends: (sid: number) => readonly RawStep[];
  readonly when?: "header" | "data" | "trailer";
}

/** A server against a client made of hand-written bytes. */
export interface RawClientCase extends Common {
  readonly kind: "raw client";
  /** Strings of the Header frame that opens stream 1, on top of the script. */
  readonly server: readonly Op[];
  readonly after?: readonly Op[];
  readonly sends: (header: Sketch) => readonly RawStep[];
  /** How many handlers end; 1 where not said. */
  readonly handlers?: number;
}

export type Case = ScriptedCase | RawServerCase | RawClientCase;

/** Most cases: one call from A to B. */
export function one(
  group: string,
  name: string,
  call: Partial<Call>,
  rest: Partial<Omit<ScriptedCase, "kind" | "calls">> = {},
): ScriptedCase {
  return { kind: "scripted", group, name, calls: [{ to: "B", method: "bidi", ...call }], ...rest };
}

// Words of the scripts.
export const close: Op = { do: "close" };
export const cancel: Op = { do: "cancel" };
export const drain: Op = { do: "drain" };
export const drainLoose: Op = { do: "drain", loose: true };
export const echo: Op = { do: "echo" };
export const echoLoose: Op = { do: "echo", loose: true };
export const done: Op = { do: "done" };
export const header: Op = { do: "header" };
export const trailer: Op = { do: "trailer" };
export const recv = (n = 1): Op => ({ do: "recv", n });
export const send = (text: string, n = 1): Op => ({ do: "send", text, n });
export const sleep = (ms: number): Op => ({ do: "sleep", ms });
export const lanes = (...lanes: readonly (readonly Op[])[]): Op => ({ do: "lanes", lanes });
export const kv = (what: "setHeader" | "sendHeader" | "setTrailer", kv: Strings): Op => ({ do: what, kv });
/** Once a context has ended, Kitex takes a moment to close the stream that it belongs to. */
export const settled: Op = { do: "sleep", ms: 200 };
export const within = (timeoutMs: number): Options => ({ timeoutMs });

/** Many streams that each end in their own way. */
export const swarm = (
  streams: number,
  messages: number,
  atOnce: number,
  cancels: boolean,
): Partial<Call> => ({
  swarm: { streams, messages, atOnce, cancel: cancels },
  quiet: true,
  server: [echo],
});

/** A swarm, and a call after it that tells whether all its handlers have ended. */
export function many(name: string, call: Partial<Call>): ScriptedCase {
  return {
    kind: "scripted",
    group: "load",
    name,
    heavy: true,
    frames: false,
    handlers: 1,
    calls: [{ to: "B", method: "bidi", ...call }, {
      to: "B",
      method: "bidi",
      options: call.options ?? {},
      client: [close, drain],
      server: [{ do: "counts" }],
    }],
  };
}
