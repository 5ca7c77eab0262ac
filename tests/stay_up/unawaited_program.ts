// Takes every promise that a stream hands out, of each kind of stream, lets the stream end in each way, and awaits none
// of them. Prints those whose rejection would have ended the process.
import {
  type ClientStream,
  connect,
  type Connection,
  createClient,
  defineService,
  type Handler,
  implement,
  serve,
  type StreamOpener,
  wrapStream,
} from "../../mod.ts";
import { text } from "../support/codecs.ts";
import { aborted } from "../support/events.ts";
import { type Sides, ways } from "./ways.ts";

const Test = defineService("Test", { chat: { kind: "bidirectional", request: text, response: text } });
const hostname = "127.0.0.1";
const large = "x".repeat(512 * 1024);
/** So many pairs of sockets are open at a time. */
const AT_A_TIME = 200;
const largeBytes = new TextEncoder().encode(large);

/** Which promise was taken how; this also keeps them, so that none is collected before it has rejected. */
const taken = new Map<unknown, string>();
const unhandled = new Set<string>();
addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  unhandled.add(`${taken.get(event.promise) ?? "a promise inside"}: ${event.reason}`);
});

/** A side that has been piped through something, as middleware does. */
function piped<In, Out>(
  stream: Sides<In, Out>,
): { readable: ReadableStream<In>; writable: WritableStream<Out> } {
  const there = new TransformStream<Out, Out>();
  there.readable.pipeTo(stream.writable).catch(() => {});
  return { readable: stream.readable.pipeThrough(new TransformStream<In, In>()), writable: there.writable };
}

/** What the one in question does with its stream: the way at hand, and once more when the stream has ended. */
type Use = <In, Out>(sides: Sides<In, Out>, message: Out) => void;

function useBy(name: string, label: string): Use {
  return <In, Out>(sides: Sides<In, Out>, message: Out) => {
    try {
      for (const promise of ways<In, Out>()[name]?.(sides, message) ?? []) taken.set(promise, label);
    } catch (error) {
      // Locked, by the first use.
      if (!(error instanceof TypeError)) throw error;
    }
  };
}

/** How a client makes a call, by what the call is. */
const clients: Record<string, (connection: Connection, signal: AbortSignal, use: Use) => () => void> = {
  raw: (connection, signal, use) => twice(use, open(connection, signal), largeBytes),
  typed: (connection, signal, use) => twice(use, createClient(Test, connection).chat({ signal }), large),
  wrapped: (connection, signal, use) =>
    twice(use, createClient(Test, wrapping(connection)).chat({ signal }), large),
  replaced: (connection, signal, use) => {
    const stream = open(connection, signal);
    return twice(use, wrapStream(stream, piped(stream)), largeBytes);
  },
};

/** How a server handles one. */
const handlers: Record<string, (use: Use, then: (signal: AbortSignal) => Promise<void>) => Handler> = {
  raw: (use, then) => (stream) => {
    const again = twice(use, stream, largeBytes);
    return then(stream.signal).finally(again);
  },
  typed: typedHandler,
  wrapped: (use, then) => {
    const next = typedHandler(use, then);
    return (stream) => next(wrapStream(stream, piped(stream)));
  },
  replaced: (use, then) => (stream) => {
    const again = twice(use, wrapStream(stream, piped(stream)), largeBytes);
    return then(stream.signal).finally(again);
  },
};

function typedHandler(use: Use, then: (signal: AbortSignal) => Promise<void>): Handler {
  return implement(Test, {
    chat: async (stream) => {
      const again = twice(use, stream, large);
      await then(stream.signal).finally(again);
    },
  });
}

function twice<In, Out>(use: Use, stream: Sides<In, Out>, message: Out): () => void {
  use(stream, message);
  return () => void use(stream, message);
}

function open(connection: Connection, signal: AbortSignal): ClientStream {
  const stream = connection.openStream({ service: "Test", method: "chat" }, { signal });
  for (const promise of [stream.header, stream.trailer, stream.closed]) taken.set(promise, "of a call");
  return stream;
}

function wrapping(connection: Connection): StreamOpener {
  return {
    openStream(target, options) {
      const stream = connection.openStream(target, options);
      return wrapStream(stream, piped(stream));
    },
  };
}

/** How it ends: what the server's handler does, and what the client does. */
interface End {
  handler(signal: AbortSignal): Promise<void>;
  client?: (connection: Connection, stop: AbortController) => void;
  cut?: boolean;
}

const ends: Record<string, End> = {
  "the client cancels": { handler: waits, client: (_, stop) => stop.abort() },
  "the client is gone": {
    handler: waits,
    client: (connection) => connection.abort(new Error("gone")),
  },
  "the handler throws": { handler: () => Promise.reject(new Error("boom")) },
  "the handler returns": { handler: () => Promise.resolve() },
  "the server is cut": { handler: waits, cut: true },
};

async function waits(signal: AbortSignal): Promise<void> {
  await aborted(signal);
}

async function turn(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

async function tryOut(name: string, kind: string, side: string, end: string): Promise<void> {
  const { handler, client, cut } = { cut: false, ...ends[end] };
  const use = useBy(name, `${name}, ${kind}, at the ${side}, ${end}`);
  const none = () => {};
  const started = Promise.withResolvers<void>();
  const inner = handlers[kind]?.(side === "server" ? use : none, async (signal) => {
    await turn(5);
    started.resolve();
    await handler?.(signal);
  });
  if (inner === undefined) throw new Error(`no such kind: ${kind}`);
  await using server = serve({ port: 0, hostname, onError: () => {}, maxBufferedBytes: 1024 }, inner);
  const connection = await connect({ hostname, port: server.addr.port, maxBufferedBytes: 1024 });
  for (const promise of [connection.closed, server.finished]) taken.set(promise, "of a connection");
  const stop = new AbortController();
  const again = clients[kind]?.(connection, stop.signal, side === "client" ? use : none);
  await Promise.race([started.promise, turn(200)]);
  client?.(connection, stop);
  if (cut) await server.shutdown({ graceMs: 0 });
  await turn(10);
  again?.();
  connection.abort();
  await server.shutdown({ graceMs: 0 });
  await turn(10);
}

const cases = Object.keys(ways()).flatMap((name) =>
  ["raw", "typed", "wrapped", "replaced"].flatMap((kind) => {
    // Sides that the user has replaced are the user's own; what goes through them is not.
    if (kind === "replaced" && !name.startsWith("send")) return [];
    return ["client", "server"].flatMap((side) =>
      Object.keys(ends).map((end) => () => tryOut(name, kind, side, end))
    );
  })
);
for (let at = 0; at < cases.length; at += AT_A_TIME) {
  await Promise.all(cases.slice(at, at + AT_A_TIME).map((run) => run()));
}
for (const line of unhandled) console.log(line);
console.log(`${cases.length} cases, ${unhandled.size} would have ended the process`);
