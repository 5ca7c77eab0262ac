import type { Case } from "./cases/case.ts";
import type { Fact, Observation } from "./harness/observe.ts";

/** One run of a case, by others than Kitex alone. */
export interface Run {
  readonly one: Case;
  /** Who plays A, B, C and so on (of a raw case the one node there is): G is Kitex, D this library. */
  readonly casting: string;
  readonly seen: Observation;
}

/** Where a run may differ from Kitex's own, exactly how, and why. */
export interface Meant {
  readonly why: string;
  /** Turns what Kitex showed into what is expected of this run. */
  readonly rewrite: (expected: Observation, run: Run) => void;
}

const CANCELED =
  "user code invoking stream RPC with context processed by context.WithCancel or context.WithTimeout, then invoking cancel() actively";
const named = ({ one }: Run, ...names: readonly string[]) => names.includes(one.name);

/** Whether a node is played by this library. */
function ours({ one, casting }: Run, node: string): boolean {
  return casting[one.kind === "raw client" ? 0 : "ABCDE".indexOf(node.slice(0, 1))] === "D";
}

/** Goes through the ends of one role that this library plays. */
function ends(
  expected: Observation,
  run: Run,
  role: "client" | "server",
  change: (facts: Fact[], key: string) => Fact[],
): void {
  for (const [key, facts] of expected) {
    const [node = "", what] = key.split(" ");
    if (what === role && node !== "raw" && ours(run, node)) expected.set(key, change(facts, key));
  }
}

/** Goes through the frames that one side sent on every wire where this library plays that side. */
function wires(
  expected: Observation,
  run: Run,
  sender: "client" | "server",
  change: (frames: Fact[], key: string) => Fact[],
): void {
  const way = sender === "client" ? "c2s" : "s2c";
  for (const [key, frames] of expected) {
    const [, client = "", server = ""] = /^wire (\w+)>(\w+) .*/.exec(key) ?? [];
    const node = sender === "client" ? client : server;
    if (key.endsWith(way) && node !== "" && node !== "raw" && ours(run, node)) {
      expected.set(key, change(frames, key));
    }
  }
}

/** Sets the facts of one end or wire, or takes them away. */
function set(expected: Observation, key: string, facts: readonly Fact[]): void {
  if (facts.length === 0) expected.delete(key);
  else expected.set(key, [...facts]);
}

/** Writes an error into a fact. */
function failing(fact: Fact, code: number, text: string, kind: string): Fact {
  const { blob: _blob, number: _number, text: _text, end: _end, kv: _kv, ...rest } = fact;
  return { ...rest, code, error: `[ttstream error, code=${code}] ${text}`, kind };
}

const clientError = (code: number, text: string, kind: string, ev = "recv"): Fact =>
  failing({ ev }, code, `[client-side stream] ${text}`, kind);

/** Every meant difference of TTHeader Streaming. */
export const MEANT: readonly Meant[] = [
  {
    why: "Better: an unknown method or service is answered. Kitex's client waits for ever.",
    rewrite(expected, run) {
      if (!named(run, "unimplemented_method", "unimplemented_service") || !ours(run, "B")) return;
      const [code, text] = run.one.name === "unimplemented_method"
        ? [1, "unknown method missing"]
        : [20, "unknown service Absent"];
      set(expected, "A client", [clientError(12001, text, "application")]);
      const [header = {}] = expected.get("wire A>B c2s") ?? [];
      set(expected, "wire A>B c2s", [header, { frame: "trailer" }]);
      set(expected, "wire A>B s2c", [{ frame: "header" }, {
        frame: "trailer",
        exception: { code, message: text },
      }]);
    },
  },
  {
    why:
      "A service that is unknown is refused even where the name of the method would fit another one; Kitex goes by the method.",
    rewrite(expected, run) {
      if (!named(run, "unimplemented_service with a method that another service has") || !ours(run, "B")) {
        return;
      }
      const text = "unknown service Absent";
      set(
        expected,
        "A client",
        (expected.get("A client") ?? []).map((fact) =>
          fact.ev === "recv" || fact.ev === "drain"
            ? failing(fact, 12001, `[client-side stream] ${text}`, "application")
            : fact
        ),
      );
      set(expected, "B server", []);
      set(expected, "wire A>B s2c", [{ frame: "header" }, {
        frame: "trailer",
        exception: { code: 20, message: text },
      }]);
    },
  },
  {
    why:
      "`close()` of a writable that has failed rejects with the platform's TypeError; Kitex's CloseSend says nothing.",
    rewrite(expected, run) {
      ends(expected, run, "client", (facts) => {
        // A receive time-out that leaves the peer alone leaves `writable` alone, too.
        const failed = facts.findIndex(({ error }) =>
          error !== undefined && !String(error).includes("DisableCancelRemote:true")
        );
        return facts.map((fact, i) =>
          fact.ev === "close" && failed >= 0 && i > failed
            ? { ev: "close", error: "Writable stream is closed or errored." }
            : fact
        );
      });
    },
  },
  {
    why:
      "After it has received a Rst the server sends nothing more; Kitex's still sends Header and Trailer, which its client drops.",
    rewrite(expected, run) {
      wires(expected, run, "server", (frames, key) => {
        const other = key.replace("s2c", "c2s");
        const cancelled = run.one.kind === "raw client"
          ? run.one.name.startsWith("Rst") && !key.includes("stream 2")
          : (expected.get(other) ?? []).some(({ frame }) => frame === "rst");
        if (!cancelled || frames.at(-1)?.frame !== "trailer") return frames;
        const sent = frames.slice(0, -1);
        // The Header may have left before the Rst came: then there is one in what was seen, too.
        return sent.length === 1 && !run.seen.has(key) ? [] : sent;
      });
      for (const [key, frames] of expected) if (frames.length === 0) expected.delete(key);
    },
  },
  {
    why: "After it has received a Rst the client sends nothing more; Kitex's still sends its Trailer.",
    rewrite(expected, run) {
      if (run.one.kind !== "raw server" || !run.one.name.startsWith("Rst")) return;
      wires(
        expected,
        run,
        "client",
        (frames) => frames.at(-1)?.frame === "trailer" ? frames.slice(0, -1) : frames,
      );
    },
  },
  {
    why: "A lost connection is 12006 at the client; Kitex says 12004 `EOF peer close`.",
    rewrite(expected, run) {
      ends(
        expected,
        run,
        "client",
        (facts) =>
          facts.map((fact) =>
            fact.error === "[ttstream error, code=12004] EOF peer close"
              ? failing(fact, 12006, "connection closed by peer", "protocol")
              : fact
          ),
      );
    },
  },
  {
    why: "A reason given to cancel travels as 12008 with its text; Kitex loses it and says 12007.",
    rewrite(expected, run) {
      if (!named(run, "with a reason of one's own") || !ours(run, "A")) return;
      for (const [key, facts] of expected) {
        expected.set(
          key,
          facts.map((fact) => {
            const text = JSON.stringify(fact);
            return text.includes("12007")
              ? JSON.parse(text.replaceAll("12007", "12008").replaceAll(CANCELED, "the user left"))
              : fact;
          }),
        );
      }
    },
  },
  {
    why: "A cancel before the call is a cancel (12007), told by the stream; Kitex says `rpc timeout`.",
    rewrite(expected, run) {
      if (!named(run, "before the call") || !ours(run, "A")) return;
      set(expected, "A client", [
        clientError(12007, CANCELED, "canceled"),
        { ...clientError(12007, CANCELED, "canceled", "send"), n: 0 },
      ]);
    },
  },
  {
    why: "JavaScript has no panics: what a handler throws is its error.",
    rewrite(expected, run) {
      if (!named(run, "handler panics") || !ours(run, "B")) return;
      const panic = /panic: \[happened in biz handler, .*?\] /;
      for (const [key, facts] of expected) {
        expected.set(
          key,
          facts.map((fact) => JSON.parse(JSON.stringify(fact).replace(panic, "biz error: "))),
        );
      }
    },
  },
  {
    why: "Client streaming without an answer is an error (12001); Kitex's client reads a plain end.",
    rewrite(expected, run) {
      if (!named(run, "handler of client streaming returns without an answer")) return;
      ends(
        expected,
        run,
        "client",
        (facts) =>
          facts.map((fact) =>
            fact.end === true ? clientError(12001, "stream ended without a response", "application") : fact
          ),
      );
    },
  },
  {
    why: "`write()` after one's own `close()` rejects with the platform's TypeError; Kitex says 12005.",
    rewrite(expected, run) {
      if (!named(run, "send after half close")) return;
      ends(
        expected,
        run,
        "client",
        (facts) =>
          facts.map((fact) =>
            fact.code === 12005 ? { ev: "send", n: 0, error: "The stream is closing or is closed." } : fact
          ),
      );
    },
  },
  {
    why:
      "Better: messages that came before a business error are read; Kitex's client drops what it has not read.",
    rewrite(expected, run) {
      if (!named(run, "business error right behind messages that nobody has read")) return;
      const message = { ev: "recv", text: "pong", number: 0, blob: 0 };
      ends(expected, run, "client", (facts) => [message, message, message, ...facts.slice(1)]);
    },
  },
  {
    why: "Better: the cancel path survives a wrapped signal (`AbortSignal.any`).",
    rewrite(expected, run) {
      if (!named(run, "B wraps what it got from A before it calls C, A cancels") || !ours(run, "B")) return;
      for (const [key, facts] of expected) {
        expected.set(
          key,
          facts.map((fact) => {
            if (key === "B client" && fact.code === 12007) {
              return clientError(12007, `[canceled path: ServiceA] ${CANCELED}`, "canceled");
            }
            const text = JSON.stringify(fact);
            return JSON.parse(
              text.replace("[canceled path: ServiceB]", "[canceled path: ServiceA -> ServiceB]")
                .replace('"ttscp":"ServiceB"', '"ttscp":"ServiceA,ServiceB"'),
            );
          }),
        );
      }
    },
  },
  {
    why: "Metainfo with an empty value is sent and read; Kitex drops it at both ends.",
    rewrite(expected, run) {
      if (!named(run, "odd keys and values") || !ours(run, "A")) return;
      wires(
        expected,
        run,
        "client",
        (frames) =>
          frames.map((fact) =>
            typeof fact.strings === "object"
              ? { ...fact, strings: { ...fact.strings, RPC_TRANSIT_empty: "" } }
              : fact
          ),
      );
      ends(
        expected,
        run,
        "server",
        (facts) =>
          facts.map((fact) =>
            fact.ev === "metainfo" && typeof fact.transient === "object"
              ? { ...fact, transient: { ...fact.transient, empty: "" } }
              : fact
          ),
      );
    },
  },
  {
    why:
      "A Rst ends both directions at once: data that was not read yet is dropped. Kitex's Recv gives it first.",
    rewrite(expected, run) {
      if (!named(run, "Rst behind unread data")) return;
      ends(expected, run, "client", (facts) => facts.map(() => facts.at(-1) ?? {}));
    },
  },
  {
    why:
      "A second Header ends that stream alone, and the server is told with Rst 12002; Kitex's client closes the connection.",
    rewrite(expected, run) {
      if (!named(run, "Header twice") || run.one.kind !== "raw server") return;
      const [header = {}] = expected.get("wire A>raw c2s") ?? [];
      const exception = { code: 12002, message: "stream[N] already set header" };
      set(expected, "wire A>raw c2s", [header, { frame: "rst", strings: { ttscp: "ServiceA" }, exception }, {
        frame: "trailer",
      }]);
      set(expected, "raw server", [{ ev: "the connection is open" }]);
    },
  },
  {
    why:
      "Better: a second Header ends the live stream with 12002 and its handler is told; Kitex starts a second handler and forgets the first.",
    rewrite(expected, run) {
      if (!named(run, "Header twice") || run.one.kind !== "raw client") return;
      const text = "[ttstream error, code=12002] [server-side stream] stream[N] already set header";
      const [begin = {}, first = {}] = expected.get("B server") ?? [];
      set(expected, "B server", [begin, first, { ev: "recv", code: 12002, error: text, kind: "protocol" }, {
        ev: "return",
      }]);
      set(expected, "wire raw>B s2c", [{ frame: "header" }, {
        frame: "trailer",
        exception: { code: 6, message: text },
      }]);
    },
  },
  {
    why:
      "`header` and `trailer` settle with what came: an empty map where the frame had no keys, the stream's error where none came. " +
      "Kitex's `Trailer()` says `stream is closed`, its `Header()` gives an empty one for a stream that failed.",
    rewrite(expected, run) {
      ends(expected, run, "client", (facts, key) => {
        const failure = facts.findLast(({ ev, error }) =>
          error !== undefined && ev !== "header" && ev !== "trailer"
        );
        const came = (frame: string) => sentToClient(run, key, expected).includes(frame);
        const failed = (fact: Fact): Fact => ({
          ev: fact.ev,
          error: failure?.error,
          code: failure?.code,
          kind: failure?.kind,
        });
        return facts.map((fact) => {
          const settled = "kv" in fact && Object.keys(Object(fact.kv)).length > 0;
          if (settled || (fact.ev !== "header" && fact.ev !== "trailer")) return fact;
          if (came(String(fact.ev)) || (fact.ev === "header" && came("trailer"))) {
            return { ev: fact.ev, kv: {} };
          }
          return failed(fact);
        });
      });
    },
  },
  {
    why:
      'A server before v0.15.0 knows no Rst: with `cancelFrame: "trailer"` a cancel is one Trailer that carries code, path and text, ' +
      "its handler reads `[application exception] ` and that text, and after a half close nothing is sent.",
    rewrite(expected, run) {
      if (run.one.oldServer !== true || run.casting !== "DO") return;
      for (const [key, facts] of expected) {
        if (key.includes(" server")) expected.set(key, facts.map(asBeforeRst));
        const rst = facts.find(({ frame }) => frame === "rst");
        if (rst === undefined) continue;
        const halfClosed = facts[facts.indexOf(rst) - 1]?.frame === "trailer";
        const before = facts.slice(0, facts.indexOf(rst));
        expected.set(key, halfClosed ? before : [...before, trailerFor(rst)]);
      }
    },
  },
  {
    why:
      "A handler of v0.14.1 that sends nothing is answered with a Trailer alone; later versions put a Header before it.",
    rewrite(expected, run) {
      if (run.one.oldServer !== true || run.casting !== "DO") return;
      for (const [key, frames] of expected) {
        if (key.endsWith("s2c") && frames.length === 2) set(expected, key, frames.slice(1));
      }
    },
  },
  {
    why:
      "A Rst costs a server of v0.14.1 the whole connection: every handler reads `[illegal frame] unexpected frame type: 5`, the neighbours' too.",
    rewrite(expected, run) {
      if (!named(run, "Rst of one stream, its neighbour goes on") || run.casting !== "O") return;
      const text = "[illegal frame] unexpected frame type: 5";
      for (const [key, facts] of expected) {
        if (key.endsWith("server")) {
          const failed = { ev: "recv", code: 12004, error: text, kind: "" };
          expected.set(key, facts.map((fact, i) => i === 3 || i === 4 ? failed : fact));
        } else if (key.endsWith("s2c")) {
          expected.set(key, [...facts.slice(0, -1), {
            frame: "trailer",
            exception: { code: 6, message: text },
          }]);
        }
      }
      set(expected, "raw client", [{ ev: "the connection is closed" }]);
    },
  },
  {
    why:
      "A Trailer with an exception ends the reading of that handler alone; v0.14.1 shows its type as the code, later versions 12001.",
    rewrite(expected, run) {
      if (!named(run, "Trailer with an exception") || run.casting !== "O") return;
      const shown = { ev: "recv", code: 12007, error: "[application exception] enough", kind: "" };
      const facts = expected.get("B server") ?? [];
      set(expected, "B server", facts.map((fact) => fact.code === 12001 ? shown : fact));
    },
  },
];

/** A handler's cancel as a server tells it that knows no Rst: it has no sides and no kinds either. */
function asBeforeRst(fact: Fact): Fact {
  if (fact.kind !== "canceled") return fact;
  return {
    ...fact,
    error: `[application exception] ${String(fact.error).replace("[server-side stream] ", "")}`,
    kind: "",
  };
}

/** The Trailer that stands for a Rst: code and path are in its text. */
function trailerFor({ exception }: Fact): Fact {
  const { code, message } = Object(exception);
  return {
    frame: "trailer",
    exception: { code, message: `[ttstream error, code=${code}] [canceled path: ServiceA] ${message}` },
  };
}

/** The types of the frames that a client was sent. */
function sentToClient(run: Run, key: string, expected: Observation): string[] {
  if (run.one.kind === "raw server") {
    if (named(run, "Header twice")) return ["header"]; // the stream has ended before the rest comes
    return run.one.sends(1).flatMap((what) => typeof what === "object" && "type" in what ? [what.type] : []);
  }
  const node = key.slice(0, 1);
  return [...expected].filter(([wire]) => wire.startsWith(`wire ${node}>`) && wire.endsWith("s2c"))
    .flatMap(([, frames]) => frames.map(({ frame }) => String(frame)));
}
