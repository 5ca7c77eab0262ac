import { type Handler, implement, route, type ServerStream, type UnaryServerStream } from "../../../mod.ts";
import type { Op } from "../script.ts";
import { call } from "./client.ts";
import { Interop, Loose, type Message, PbInterop, PbLoose } from "./messages.ts";
import { attempt, type End, LIMIT_MS, message, Panic, pause, play, tell, told } from "./play.ts";
import { decodeMessage, encodeMessage } from "./untyped.ts";

/** The server's half of a call. */
interface Script {
  readonly case: string;
  readonly node: string;
  readonly quiet?: boolean;
  readonly ops: readonly Op[];
  readonly after?: readonly Op[];
}

/** How many handlers of a case run. */
const running = new Map<string, number>();

/** The handlers of the peer: each plays the script that came with its call. */
export function handlers(): Handler {
  const typed = implement(Interop, {
    bidi,
    client,
    server,
    unary,
    types: async function* (stream) {
      for await (const value of stream.readable) yield value;
    },
  });
  const typedPb = implement(PbInterop, { bidi, client, server, unary });
  const loose = implement(Loose, { client: (stream) => handle(stream, { kind: "client", ...both(stream) }) });
  const loosePb = implement(PbLoose, {
    client: (stream) => handle(stream, { kind: "client", ...both(stream) }),
  });
  const strict = route(typed, typedPb);
  const lax = route(loose, loosePb);
  const pick: Handler = (stream) =>
    stream.method === "client" && !answersOnce(scriptOf(stream)) ? lax(stream) : strict(stream);
  return Object.assign(pick, { services: strict.services });
}

function bidi(stream: ServerStream<Message, Message>): Promise<void> {
  return handle(stream, { kind: "bidi", ...both(stream) });
}

async function client(stream: Omit<ServerStream<Message, Message>, "writable">): Promise<Message> {
  let answer = message({});
  const reader = stream.readable.getReader();
  await handle(stream, {
    kind: "client",
    recv: async () => (await reader.read()).value,
    send: (message) => {
      answer = message;
      return Promise.resolve();
    },
  });
  return answer;
}

function server(request: Message, stream: Omit<ServerStream<Message, Message>, "readable">): Promise<void> {
  const writer = stream.writable.getWriter();
  return handle(stream, {
    kind: "server",
    request,
    recv: () => Promise.resolve(undefined),
    send: (message) => writer.write(message),
  });
}

async function unary(request: Message, stream: UnaryServerStream): Promise<Message> {
  let answer = message({});
  await handle(stream, {
    kind: "unary",
    request,
    recv: () => Promise.resolve(undefined),
    send: (message) => {
      answer = message;
      return Promise.resolve();
    },
  });
  return answer;
}

/** One function for all methods and without a codec: it gets every stream that comes, and bytes. */
export async function plainHandler(stream: ServerStream): Promise<void> {
  const reader = stream.readable.getReader();
  const writer = stream.writable.getWriter();
  const recv = async () => {
    const { value } = await reader.read();
    return value === undefined ? undefined : decodeMessage(value);
  };
  await handle(stream, {
    kind: stream.method,
    ...(stream.method === "server" ? { request: await recv() } : {}),
    recv,
    send: (message) => writer.write(encodeMessage(message)),
  });
}

/** Whether a client-streaming script ends with its one answer, as the typed handler must. */
function answersOnce({ ops }: Script): boolean {
  const last = ops.at(-1)?.do;
  return (last === "send" || last === "sum") && !ops.some((op) => op.do === "done");
}

function both(stream: ServerStream<Message, Message>): Pick<Ends, "recv" | "send"> {
  const reader = stream.readable.getReader();
  const writer = stream.writable.getWriter();
  return { recv: async () => (await reader.read()).value, send: (message) => writer.write(message) };
}

function scriptOf(stream: Pick<ServerStream, "metainfo">): Script {
  const text = stream.metainfo.transient.get("SCRIPT");
  if (text === undefined) throw new Error("the call has no script in its metainfo");
  return JSON.parse(text.startsWith("{") ? text : new TextDecoder().decode(Uint8Array.fromBase64(text)));
}

/** The two directions of a handler, as far as its kind has them. */
interface Ends {
  readonly kind: string;
  readonly request?: Message | undefined;
  readonly recv: () => Promise<Message | undefined>;
  readonly send: (message: Message) => Promise<void>;
}

type AnyStream = Omit<ServerStream<Message, Message>, "readable" | "writable" | "send" | "sendAll">;

async function handle(stream: AnyStream, ends: Ends): Promise<void> {
  const script = scriptOf(stream);
  const id = script.case;
  const end: End = {
    caseId: id,
    node: script.node,
    role: "server",
    quiet: script.quiet === true,
    signal: stream.signal,
    send: ends.send,
    recv: ends.recv,
    more: (end, op) => more(stream, id, end, op),
    last: {},
    call: (end, plan) => call(end, stream, { ...end }, plan),
  };
  running.set(id, (running.get(id) ?? 0) + 1);
  tell(end, "begin", { method: ends.kind });
  if (ends.request !== undefined) tell(end, "request", told(ends.request));
  const watch = setTimeout(() => tell(end, "stuck"), LIMIT_MS);
  const leave = () => {
    clearTimeout(watch);
    running.set(id, (running.get(id) ?? 0) - 1);
    afterwards(end, script.after ?? []);
  };
  try {
    await play(end, script.ops);
  } catch (error) {
    if (error instanceof Panic) tell(end, "return", { panic: error.message });
    else tell(end, "return", {}, error);
    leave();
    throw error;
  }
  tell(end, "return");
  leave();
}

function afterwards(end: End, ops: readonly Op[]): void {
  const run = async () => {
    if (ops.length > 0) {
      await pause(20); // lets the return reach the library
      await play({ ...end, lane: "after" }, ops);
    }
    tell(end, "finished");
  };
  run();
}

async function more(stream: AnyStream, id: string, end: End, op: Op): Promise<boolean> {
  switch (op.do) {
    case "setHeader":
    case "setTrailer": {
      const target = op.do === "setHeader" ? stream.header : stream.trailer;
      await attempt(
        end,
        op.do,
        () => Object.entries(op.kv).forEach(([key, value]) => target.set(key, value)),
      );
      return true;
    }
    case "sendHeader":
      await attempt(end, op.do, () => {
        Object.entries(op.kv).forEach(([key, value]) => stream.header.set(key, value));
        stream.sendHeader();
      });
      return true;
    case "metadata": // over gRPC: all scripts begin their keys with x-
      tell(end, "metadata", {
        kv: Object.fromEntries(
          [...stream.metadata].filter(([key]) => key.startsWith("x-"))
            .map(([key, value]) => [key, key.endsWith("-bin") ? padded(value) : value]),
        ),
      });
      return true;
    case "metainfo":
      tell(end, "metainfo", {
        transient: withoutScript(stream.metainfo.transient),
        persistent: withoutScript(stream.metainfo.persistent),
      });
      return true;
    case "counts": { // all handlers of the case but this one have ended
      const others = () => (running.get(id) ?? 0) - 1;
      for (let waited = 0; others() > 0 && waited < LIMIT_MS / 2; waited += 5) await pause(5);
      tell(end, "counts", { running: others() });
      return true;
    }
    default:
      return false;
  }
}

/** Base64 as Go writes it: on the wire its padding may be missing. */
function padded(base64: string): string {
  return base64.padEnd(Math.ceil(base64.length / 4) * 4, "=");
}

function withoutScript(keys: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries([...keys].filter(([key]) => key !== "SCRIPT"));
}
