import { assertEquals } from "@std/assert";
import type { Side } from "../mod.ts";
import { type Phase, StreamState } from "../src/core/stream_state.ts";

type Step = "sendHeader" | "recvHeader" | "sendTrailer" | "recvTrailer" | "sendReset" | "recvReset" | "lose";
const STEPS: readonly Step[] = [
  "sendHeader",
  "recvHeader",
  "sendTrailer",
  "recvTrailer",
  "sendReset",
  "recvReset",
  "lose",
];

/** How to come to a phase, and what each step does there: what it returns, and the phase after it where that is another. */
interface Row {
  readonly side: Side;
  readonly phase: Phase;
  readonly by: readonly Step[];
  readonly canSend: boolean;
  readonly canReceive: boolean;
  readonly steps: Readonly<Record<Step, readonly [result: unknown, next?: Phase]>>;
}

const closedSteps = {
  sendHeader: [false],
  recvHeader: ["ignored"],
  sendTrailer: [false],
  recvTrailer: ["ignored"],
  sendReset: ["nothing"],
  recvReset: [false],
  lose: [false],
} as const;

const table: readonly Row[] = [
  {
    side: "client",
    phase: "open",
    by: [],
    canSend: true,
    canReceive: true,
    steps: {
      sendHeader: [false], // it opened the stream
      recvHeader: ["first"],
      sendTrailer: [true, "half-closed (local)"],
      recvTrailer: ["answer", "closed"],
      sendReset: ["rst and trailer", "closed"],
      recvReset: [true, "closed"],
      lose: [true, "closed"],
    },
  },
  {
    side: "client",
    phase: "half-closed (local)",
    by: ["sendTrailer"],
    canSend: false,
    canReceive: true,
    steps: {
      sendHeader: [false],
      recvHeader: ["first"],
      sendTrailer: [false],
      recvTrailer: ["ended", "closed"],
      sendReset: ["rst", "closed"],
      recvReset: [true, "closed"],
      lose: [true, "closed"],
    },
  },
  {
    side: "server",
    phase: "open",
    by: [],
    canSend: true,
    canReceive: true,
    steps: {
      sendHeader: [true],
      recvHeader: ["duplicate"], // the first one opened the stream
      sendTrailer: [true, "closed"],
      recvTrailer: ["ended", "half-closed (remote)"],
      sendReset: ["nothing"], // a server has none
      recvReset: [true, "closed"],
      lose: [true, "closed"],
    },
  },
  {
    side: "server",
    phase: "half-closed (remote)",
    by: ["recvTrailer"],
    canSend: true,
    canReceive: false,
    steps: {
      sendHeader: [true],
      recvHeader: ["duplicate"],
      sendTrailer: [true, "closed"],
      recvTrailer: ["ignored"],
      sendReset: ["nothing"],
      recvReset: [true, "closed"],
      lose: [true, "closed"],
    },
  },
  ...([
    ["client", ["recvTrailer"]],
    ["client", ["sendTrailer", "recvTrailer"]],
    ["client", ["sendReset"]],
    ["client", ["sendTrailer", "sendReset"]],
    ["client", ["recvReset"]],
    ["client", ["lose"]],
    ["server", ["sendTrailer"]],
    ["server", ["recvTrailer", "sendTrailer"]],
    ["server", ["recvReset"]],
    ["server", ["recvTrailer", "recvReset"]],
    ["server", ["lose"]],
  ] as const).map(([side, by]) => ({
    side,
    phase: "closed" as const,
    by,
    canSend: false,
    canReceive: false,
    steps: closedSteps,
  })),
];

function stateAt({ side, by }: Pick<Row, "side" | "by">): StreamState {
  const state = new StreamState(side);
  for (const step of by) state[step]();
  return state;
}

for (const row of table) {
  const { side, phase, by, canSend, canReceive, steps } = row;
  const where = `a ${side}'s stream that is ${phase}${by.length === 0 ? "" : ` after ${by.join(" and ")}`}`;

  Deno.test(`${where} ${canSend ? "can" : "cannot"} send and ${canReceive ? "can" : "cannot"} receive`, () => {
    const state = stateAt(row);
    assertEquals(
      [state.phase, state.live, state.canSend, state.canReceive],
      [phase, phase !== "closed", canSend, canReceive],
    );
  });

  for (const step of STEPS) {
    const [result, next = phase] = steps[step];
    Deno.test(`${where}: ${step}() is ${JSON.stringify(result)} and leaves it ${next}`, () => {
      const state = stateAt(row);
      assertEquals(state[step](), result);
      assertEquals(state.phase, next);
    });
  }
}

Deno.test("a client's stream begins with its Header sent, a server's without", () => {
  assertEquals(new StreamState("client").headerSent, true);
  assertEquals(new StreamState("server").headerSent, false);
});

for (const by of [[], ["recvTrailer"]] satisfies Step[][]) {
  Deno.test(`a server sends its Header once${by.length === 0 ? "" : ", also after the client's half close"}`, () => {
    const state = stateAt({ side: "server", by });
    assertEquals([state.sendHeader(), state.headerSent, state.sendHeader()], [true, true, false]);
  });
}

for (const by of [[], ["sendTrailer"]] satisfies Step[][]) {
  Deno.test(`a client takes one Header${by.length === 0 ? "" : ", also after its half close"}; the second is one too many`, () => {
    const state = stateAt({ side: "client", by });
    assertEquals([state.recvHeader(), state.recvHeader(), state.recvHeader()], [
      "first",
      "duplicate",
      "duplicate",
    ]);
  });
}

Deno.test("after every sequence of four steps a stream is in a phase of its side, and a closed one stays closed", () => {
  const phases: Record<Side, Phase[]> = {
    client: ["open", "half-closed (local)", "closed"],
    server: ["open", "half-closed (remote)", "closed"],
  };
  for (const side of ["client", "server"] satisfies Side[]) {
    for (let code = 0; code < STEPS.length ** 4; code++) {
      const state = new StreamState(side);
      let wasClosed = false;
      for (let i = 0, rest = code; i < 4; i++, rest = Math.floor(rest / STEPS.length)) {
        const step = STEPS[rest % STEPS.length];
        if (step !== undefined) state[step]();
        assertEquals(phases[side].includes(state.phase), true);
        if (wasClosed) assertEquals(state.phase, "closed");
        wasClosed = state.phase === "closed";
      }
    }
  }
});
