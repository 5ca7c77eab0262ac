import {
  type CallOptions,
  type ClientStream,
  type ClientStreamingCall,
  connect,
  type Connection,
  createClient,
  type Metadata,
  type ServerStreamingCall,
  type UnaryCall,
} from "../../../mod.ts";
import type { Call, Op } from "../script.ts";
import { connectGrpc } from "../grpc/transport.ts";
import { Absent, Interop, type Message, Newer, PbAbsent, PbInterop, PbNewer } from "./messages.ts";
import { attempt, type End, message, play, tell } from "./play.ts";
import { swarm } from "./swarm.ts";
import { sendTypes } from "./types.ts";
import { decodeMessage, encodeMessage } from "./untyped.ts";

/** A call whose address and caller's name the runner has filled in. */
export type Addressed = Call & { address?: string; options?: Call["options"] & { serviceName?: string } };

/** What every kind of call has, so that one script fits them all. */
export interface OpenCall {
  readonly send: (message: Message) => Promise<void>;
  readonly recv: () => Promise<Message | undefined>;
  readonly close: () => Promise<void>;
  readonly header: () => Promise<Metadata>;
  readonly trailer: () => Promise<Metadata>;
  readonly dispose: () => PromiseLike<void>;
}

const connections = new Map<string, Promise<Connection>>();

/** One connection for each case, address and name; Kitex's "short" pool has one for each stream. */
export function connectionFor(caseId: string, call: Addressed): Promise<Connection> {
  const { address = "", options: { pool, cancelFrame, anonymous, protocol, ...options } = {} } = call;
  const [hostname = "", port = ""] = address.split(":");
  const serviceName = anonymous === true ? undefined : options.serviceName;
  const make = () =>
    overGrpc(call)
      ? connectGrpc({ hostname, port: Number(port), serviceName })
      : connect({ hostname, port: Number(port), serviceName, cancelFrame });
  if (pool === "short") return make();
  const key = `${caseId} ${address} ${serviceName} ${cancelFrame} ${protocol}`;
  let connection = connections.get(key);
  if (connection === undefined) {
    connection = make();
    connections.set(key, connection);
    const forget = () => connections.delete(key);
    connection.then(({ closed }) => closed).then(forget, forget);
  }
  return connection;
}

const overGrpc = ({ options }: Call): boolean => (options?.protocol ?? "ttheader") !== "ttheader";

/** Opens a stream and plays the client's script on it. `up` is the handler's end where a handler makes the call. */
export async function call(
  up: End | undefined,
  parent: CallOptions["parent"],
  base: End,
  plan: Addressed,
): Promise<void> {
  const controller = new AbortController();
  const { options = {} } = plan;
  const cancel = () =>
    controller.abort(options.cancelReason === undefined ? undefined : new Error(options.cancelReason));
  const end: Omit<End, "send" | "recv" | "more"> = {
    ...base,
    role: "client",
    lane: undefined,
    signal: controller.signal,
    up,
  };
  const settings = optionsOf(base, parent, plan, controller.signal);
  if (options.cancelled === true) cancel();
  let connection: Connection;
  try {
    connection = await connectionFor(base.caseId, plan);
  } catch (error) {
    return tell({ ...base, role: "client" }, "open", {}, error);
  }
  if (plan.swarm !== undefined) {
    return await swarm({ ...base, role: "client" }, plan, settings, (own) => {
      return plan.options?.pool === "short"
        ? openShort(base.caseId, plan, own)
        : Promise.resolve(open(connection, plan, own));
    });
  }
  if (plan.method === "types") {
    return await sendTypes({ ...base, role: "client" }, createClient(Interop, connection).types(settings));
  }

  let stream: OpenCall;
  try {
    stream = open(connection, plan, settings);
  } catch (error) { // options that the protocol cannot carry
    return tell({ ...base, role: "client" }, "open", {}, error);
  }
  const more = async (end: End, op: Op): Promise<boolean> => {
    switch (op.do) {
      case "close":
        await attempt(end, "close", stream.close);
        return true;
      case "cancel":
        cancel();
        tell(end, "cancel");
        return true;
      case "header":
      case "trailer":
        await tellKeys(end, op.do, stream[op.do], overGrpc(plan));
        return true;
      case "cut":
      case "spoil": // the runner does it to the connection
        tell(end, op.do);
        return true;
      default:
        return false;
    }
  };
  await play({ ...end, send: stream.send, recv: stream.recv, more }, plan.client ?? []);
  if (up === undefined) await stream.dispose(); // a handler's call ends with its handler, as it does in Kitex
}

/** Of gRPC's keys those that are nobody else's. */
async function tellKeys(
  end: End,
  event: string,
  read: () => Promise<Metadata>,
  grpc: boolean,
): Promise<void> {
  try {
    const pairs = [...await read()].filter(([key]) =>
      !grpc || !/^(content-type|user-agent|grpc-.*)$/.test(key)
    );
    const kv = Object.fromEntries(pairs);
    tell(end, event, { kv });
  } catch (error) {
    tell(end, event, {}, error);
  }
}

function optionsOf(
  base: End,
  parent: CallOptions["parent"],
  plan: Addressed,
  own: AbortSignal,
): CallOptions {
  const { options = {} } = plan;
  const script = {
    case: base.caseId,
    node: `${plan.to}${plan.tag ?? ""}`,
    quiet: plan.quiet,
    ops: plan.server ?? [],
    after: plan.after ?? [],
  };
  const packed = JSON.stringify(script);
  const wrapped = options.wrapped === true && parent !== undefined;
  return {
    signal: wrapped ? AbortSignal.any([parent.signal, own]) : own,
    ...(parent !== undefined && !wrapped ? { parent } : {}),
    metainfo: {
      transient: {
        ...options.transient,
        SCRIPT: overGrpc(plan) ? new TextEncoder().encode(packed).toBase64() : packed,
      },
      persistent: { ...options.persistent },
    },
    metadata: options.metadata,
    timeoutMs: options.timeoutMs,
    recvTimeoutMs: options.recvTimeoutMs,
    cancelRemoteOnRecvTimeout: options.disableCancelRemote === true ? false : undefined,
  };
}

async function openShort(caseId: string, plan: Addressed, options: CallOptions): Promise<OpenCall> {
  const connection = await connectionFor(caseId, plan);
  const stream = open(connection, plan, options);
  return {
    ...stream,
    dispose: async () => {
      await stream.dispose();
      await connection.close();
    },
  };
}

function open(connection: Connection, plan: Addressed, options: CallOptions): OpenCall {
  if (plan.untyped === true) return openUntyped(connection, plan, options);
  if (plan.options?.protocol === "grpc") return openProtobuf(connection, plan, options);
  switch (plan.method) {
    case "client":
      return openClient(createClient(Interop, connection).client(options));
    case "server":
      return openServer(createClient(Interop, connection).server(message(plan.request ?? {}), options));
    case "unary":
      return openUnary(createClient(Interop, connection).unary(message(plan.request ?? {}), options));
    case "missing":
      return openBidi(createClient(Newer, connection).missing(options));
    case "absent":
      return openBidi(createClient(Absent, connection).absent(options));
    default:
      return openBidi(
        plan.service === "Absent"
          ? createClient(Absent, connection).bidi(options)
          : createClient(Interop, connection).bidi(options),
      );
  }
}

function openProtobuf(connection: Connection, plan: Addressed, options: CallOptions): OpenCall {
  const client = createClient(PbInterop, connection);
  switch (plan.method) {
    case "client":
      return openClient(client.client(options));
    case "server":
      return openServer(client.server(message(plan.request ?? {}), options));
    case "unary":
      return openUnary(client.unary(message(plan.request ?? {}), options));
    case "missing":
      return openBidi(createClient(PbNewer, connection).missing(options));
    case "absent":
      return openBidi(createClient(PbAbsent, connection).absent(options));
    default:
      return openBidi(client.bidi(options));
  }
}

function openUnary(call: UnaryCall<Message>): OpenCall {
  return {
    send: () => Promise.reject(new TypeError("a unary call sends one request")),
    recv: () => call,
    close: () => Promise.resolve(),
    header: () => call.header,
    trailer: () => call.trailer,
    dispose: () => call[Symbol.asyncDispose](),
  };
}

function openBidi(stream: ClientStream<Message, Message>): OpenCall {
  const reader = stream.readable.getReader();
  const writer = stream.writable.getWriter();
  return {
    send: (message) => writer.write(message),
    recv: async () => (await reader.read()).value,
    close: () => writer.close(),
    header: () => stream.header,
    trailer: () => stream.trailer,
    dispose: () => stream[Symbol.asyncDispose](),
  };
}

/** The same without a codec, whatever the kind of the method: bytes both ways. */
function openUntyped(connection: Connection, plan: Addressed, options: CallOptions): OpenCall {
  const stream = connection.openStream({ service: plan.service ?? "Interop", method: plan.method }, options);
  const reader = stream.readable.getReader();
  const writer = stream.writable.getWriter();
  if (plan.request !== undefined) { // the call of a server-streaming method is its one message and the half close
    writer.write(encodeMessage(message(plan.request))).then(() => writer.close()).catch(() => undefined);
  }
  return {
    send: (message) => writer.write(encodeMessage(message)),
    recv: async () => {
      const { value } = await reader.read();
      return value === undefined ? undefined : decodeMessage(value);
    },
    close: () => writer.close(),
    header: () => stream.header,
    trailer: () => stream.trailer,
    dispose: () => stream[Symbol.asyncDispose](),
  };
}

function openClient(stream: ClientStreamingCall<Message, Message>): OpenCall {
  const writer = stream.writable.getWriter();
  let answered = false;
  return {
    send: (message) => writer.write(message),
    recv: async () => {
      const response = await stream.response;
      if (answered) await stream.trailer; // the end, as Kitex's second Recv waits for it
      const first = !answered;
      answered = true;
      return first ? response : undefined;
    },
    close: () => writer.close(),
    header: () => stream.header,
    trailer: () => stream.trailer,
    dispose: () => stream[Symbol.asyncDispose](),
  };
}

function openServer(stream: ServerStreamingCall<Message>): OpenCall {
  const reader = stream.readable.getReader();
  return {
    send: () => Promise.reject(new TypeError("a server-streaming call sends one request")),
    recv: async () => (await reader.read()).value,
    close: () => Promise.resolve(),
    header: () => stream.header,
    trailer: () => stream.trailer,
    dispose: () => stream[Symbol.asyncDispose](),
  };
}
