import fc from "npm:fast-check@^4";
import type { Action, PeerFrame } from "./actions.ts";
import type { SocketAction } from "./apply.ts";
import type { CallPlan } from "./client_model.ts";
import { REASONS } from "./ends.ts";
import type { Setup } from "./world_model.ts";

const stream = fc.nat({ max: 3 });
const reason = fc.constantFrom(...REASONS);
const side = fc.constantFrom("client" as const, "server" as const);
const to = fc.constantFrom("toServer" as const, "toClient" as const);
const timeout = fc.option(fc.constantFrom(5, 20, 60), { nil: undefined, freq: 2 });

const plan: fc.Arbitrary<CallPlan> = fc.record({
  reads: fc.constantFrom("iterator" as const, "reader" as const),
  writes: fc.constantFrom("send" as const, "writer" as const),
  asks: fc.constantFrom("early" as const, "late" as const),
  timeoutMs: timeout,
  firstMessageTimeoutMs: timeout,
  recvTimeoutMs: timeout,
  cancelRemoteOnRecvTimeout: fc.boolean(),
  parent: fc.option(stream, { nil: undefined, freq: 2 }),
  abortedBefore: fc.nat({ max: 15 }).map((n) => n === 0),
}).map((plan) => ({ ...plan, ...(plan.timeoutMs === 60 ? { timeoutMs: undefined } : {}) }));

const said = fc.constantFrom({ type: 6, message: "biz error: boom" }, {
  type: 6,
  message: "server is shutting down",
});
const rstSaid = fc.constantFrom(
  { type: 12007, message: "gone" },
  { type: 12013, message: "lost" },
  { type: 99, message: "what" },
  "junk" as const,
  undefined,
);
const peerFrame: fc.Arbitrary<PeerFrame> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ t: "Header" as const }) },
  {
    weight: 5,
    arbitrary: fc.record({
      t: fc.constant("Data" as const),
      message: fc.record({ n: fc.constant(0), size: fc.constantFrom(0, 10, 500) }),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ t: "Trailer" as const }) },
  { weight: 1, arbitrary: fc.record({ t: fc.constant("Trailer" as const), said }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<PeerFrame>(
      { t: "Trailer", meta: { "biz-status": "7", "biz-message": "no" } },
      { t: "Trailer", meta: { "biz-status": "7", "biz-message": "no", "biz-extra": "{" } },
      { t: "Trailer", meta: { "biz-status": "0", "biz-message": "no" } },
      { t: "Trailer", said: "junk" },
      { t: "Meta" },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      t: fc.constant("Rst" as const),
      said: rstSaid,
      meta: fc.option(fc.constant({ ttscp: "A,B" }), { nil: undefined }),
    }),
  },
);

type Weighted = { weight: number; arbitrary: fc.Arbitrary<Action> };

/** What may be done with such a client and server. */
export function actionOf(client: Setup["client"], server: Setup["server"]): fc.Arbitrary<Action> {
  const both: Weighted[] = [
    { weight: 8, arbitrary: fc.record({ do: fc.constant("read" as const), side, stream }) },
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant("write" as const),
        side,
        stream,
        size: fc.constantFrom(0, 10, 10, 500, 30_000, 300_000),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("close" as const), side, stream }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("abort" as const), side, stream, reason }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("leave" as const), side, stream, reason }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant("sendAll" as const),
        side,
        stream,
        kind: fc.constantFrom("two" as const, "throws" as const, "stuck" as const),
      }),
    },
    { weight: 18, arbitrary: fc.record({ do: fc.constant("deliver" as const), to, all: fc.boolean() }) },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.constantFrom(3, 30, 200) }),
    },
    { weight: 0.2, arbitrary: fc.record({ do: fc.constant("fin" as const), to }) },
    { weight: 0.2, arbitrary: fc.constant({ do: "reset" as const }) },
  ].map(({ weight, arbitrary }) => ({ weight: weight * 10, arbitrary }));
  const ofClient: Weighted[] = [
    { weight: 60, arbitrary: fc.record({ do: fc.constant("open" as const), plan }) },
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant("dispose" as const),
        side: fc.constant("client" as const),
        stream,
      }),
    },
    {
      weight: 10,
      arbitrary: fc.record({ do: fc.constantFrom("cancel" as const, "signal" as const), stream, reason }),
    },
    {
      weight: 2,
      arbitrary: fc.constantFrom({ do: "client abort" as const }, { do: "client dispose" as const }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant("client close" as const),
        graceMs: fc.option(fc.constantFrom(0, 20), { nil: undefined }),
      }),
    },
  ];
  const ofServer: Weighted[] = [
    {
      weight: 30,
      arbitrary: fc.record({
        do: fc.constant("finish" as const),
        stream,
        how: fc.constantFrom(
          "return" as const,
          "return" as const,
          "throw" as const,
          "biz" as const,
          "own end" as const,
        ),
      }),
    },
    {
      weight: 20,
      arbitrary: fc.record({
        do: fc.constantFrom("sendHeader" as const, "setTrailer" as const),
        side: fc.constant("server" as const),
        stream,
      }),
    },
    {
      weight: 4,
      arbitrary: fc.constantFrom({ do: "drain" as const }, { do: "drain" as const }, { do: "cut" as const }),
    },
  ];
  const peer: Weighted = {
    weight: 150,
    arbitrary: fc.record({
      do: fc.constant("peer" as const),
      stream,
      frame: peerFrame,
      copies: fc.constantFrom(1, 1, 1, 2),
    }),
  };
  return fc.oneof(
    ...both,
    ...(client === "library" ? ofClient : []),
    ...(server === "library" ? ofServer : []),
    ...(client === server ? [] : [peer]),
  );
}

/** What a run is about. */
export function setupOf(client: Setup["client"], server: Setup["server"]): fc.Arbitrary<Setup> {
  return fc.record({
    client: fc.constant(client),
    server: fc.constant(server),
    slow: fc.boolean(),
    maxBufferedBytes: fc.constantFrom(1, 300, 1024 * 1024 * 1024),
    maxStreams: fc.constantFrom(2, 100),
  });
}

/** What may be done on a socket: what needs neither a clock nor a wire of the test's own. */
export function socketActionOf(): fc.Arbitrary<SocketAction> {
  return actionOf("library", "library").filter(isSocketAction).map((action) =>
    action.do === "open" ? { do: action.do, plan: untimed(action.plan) } : action
  );
}

function isSocketAction(action: Action): action is SocketAction {
  // How much of it is in one write with the end that follows is the event loop's to say.
  if (action.do === "sendAll") return action.kind !== "throws";
  if (action.do === "write") return action.size <= 1_000;
  return action.do === "open" || ("stream" in action && action.do !== "peer");
}

function untimed(plan: CallPlan): CallPlan {
  return { ...plan, timeoutMs: undefined, firstMessageTimeoutMs: undefined, recvTimeoutMs: undefined };
}
