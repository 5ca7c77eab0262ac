import { assertEquals } from "@std/assert";
import type { Side } from "../../mod.ts";
import { StreamState } from "../../src/core/stream_state.ts";

type Step = "sendEnd" | "recvEnd" | "close";
const STEPS: readonly Step[] = ["sendEnd", "recvEnd", "close"];

/** What a stream can do after some steps, and what each further step returns. */
interface Row {
  readonly side: Side;
  readonly by: readonly Step[];
  readonly can: readonly ("send" | "receive")[];
  readonly returns: Readonly<Record<Step, boolean>>;
}

const dead = { sendEnd: false, recvEnd: false, close: false };
const rows: readonly Row[] = [
  {
    side: "client",
    by: [],
    can: ["send", "receive"],
    returns: { sendEnd: true, recvEnd: true, close: true },
  },
  {
    side: "client",
    by: ["sendEnd"],
    can: ["receive"],
    returns: { sendEnd: false, recvEnd: true, close: true },
  },
  { side: "client", by: ["recvEnd"], can: [], returns: dead },
  { side: "client", by: ["sendEnd", "recvEnd"], can: [], returns: dead },
  { side: "client", by: ["close"], can: [], returns: dead },
  { side: "client", by: ["sendEnd", "close"], can: [], returns: dead },
  {
    side: "server",
    by: [],
    can: ["send", "receive"],
    returns: { sendEnd: true, recvEnd: true, close: true },
  },
  { side: "server", by: ["recvEnd"], can: ["send"], returns: { sendEnd: true, recvEnd: false, close: true } },
  { side: "server", by: ["close"], can: [], returns: dead },
  { side: "server", by: ["recvEnd", "close"], can: [], returns: dead },
];

function stateAt({ side, by }: Pick<Row, "side" | "by">): StreamState<string> {
  const state = new StreamState<string>(side);
  for (const step of by) state[step]();
  return state;
}

for (const row of rows) {
  const after = row.by.length === 0 ? "at first" : `after ${row.by.join(" and ")}`;
  Deno.test(`a ${row.side}'s stream ${after} can ${row.can.join(" and ") || "do nothing"}`, () => {
    const state = stateAt(row);
    assertEquals(
      [state.canSend, state.canReceive, state.live],
      [row.can.includes("send"), row.can.includes("receive"), row.can.length > 0],
    );
  });
  for (const step of STEPS) {
    Deno.test(`a ${row.side}'s stream ${after}: ${step}() is ${row.returns[step]}`, () => {
      assertEquals(stateAt(row)[step](), row.returns[step]);
    });
  }
}

Deno.test("a stream keeps the cause that closed it, and no later one", () => {
  const state = new StreamState<string>("client");
  assertEquals([state.close("first"), state.close("second"), state.cause], [true, false, "first"]);
});

Deno.test("after every sequence of five steps a closed stream stays closed, and neither direction opens again", () => {
  for (const side of ["client", "server"] satisfies Side[]) {
    for (let code = 0; code < STEPS.length ** 5; code++) {
      const state = new StreamState<string>(side);
      for (let i = 0, rest = code; i < 5; i++, rest = Math.floor(rest / STEPS.length)) {
        const before = [state.canSend, state.canReceive, state.live];
        const step = STEPS[rest % STEPS.length];
        if (step !== undefined) state[step]();
        const now = [state.canSend, state.canReceive, state.live];
        assertEquals(now.map((can, at) => can && before[at] === false), [false, false, false]);
      }
    }
  }
});
