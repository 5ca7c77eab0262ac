import { attempt } from "../../base/inline.ts";
import { callHandler } from "./call_handler.ts";
import type { Codec } from "../../core/codec.ts";
import type { Refusal } from "../../core/transport.ts";
import { handedOn, type TypedStream, typedStream } from "./typed_stream.ts";
import { runWithin, type ServerInterceptor } from "./interceptors.ts";
import { functions } from "../../base/options.ts";
import type { Handler, ServiceHandler } from "./handler.ts";
import { handled } from "../../base/handled.ts";
import { sendAll } from "../../core/send_all.ts";
import { type ServerStream, sideBehind, type UnaryServerStream } from "./server_stream.ts";
import { show } from "../../base/format.ts";
import {
  type AnyMethods,
  type DeclaredException,
  isDeclared,
  type Method,
  type MethodKind,
  type Service,
} from "../../core/service.ts";

/** What a handler that streams its answers may return: nothing, or the answers. */
export type Answers<Res> = void | AsyncIterable<Res> | Promise<void | AsyncIterable<Res>>;

/** How a server implements one method. */
export type ImplementationMethod<T> = T extends Method<infer K, infer Req, infer _, infer _, infer Res>
  ? K extends "bidirectional" ? (stream: ServerStream<Req, Res>) => Answers<Res>
  : K extends "server" ? (request: Req, stream: Omit<ServerStream<Req, Res>, "readable">) => Answers<Res>
  : K extends "client" ? (stream: Omit<ServerStream<Req, Res>, "writable">) => Res | Promise<Res>
  : (request: Req, stream: UnaryServerStream) => Res | Promise<Res>
  : never;

/**
 * The implementation of a whole service: a function for each method, in an object or a class instance. `implement` takes
 * a part of one as well; `satisfies Implementation<typeof Chat.methods>` says that none is missing.
 */
export type Implementation<M extends AnyMethods> = { readonly [N in keyof M]: ImplementationMethod<M[N]> };

/** Options of {@linkcode implement}. */
export interface ImplementOptions {
  /** Stand around every method, the first outermost. Without any nothing is in between. */
  interceptors?: readonly ServerInterceptor[] | undefined;
}

/** One method, ready to be run on a stream. */
interface Entry {
  readonly kind: MethodKind;
  readonly request: Codec<unknown>;
  readonly response: Codec<unknown>;
  readonly throws: readonly DeclaredException[] | undefined;
  readonly oneway: boolean;
  /** The user's method, called on the user's object. */
  call(...args: unknown[]): unknown;
}

/**
 * Makes a handler of a service's implementation: an object or class instance with a function for each method that
 * the server has; the others are unknown methods there.
 *
 * It answers unknown methods itself (exception 1 `unknown method X`), unknown services too (20), both with
 * UNIMPLEMENTED in gRPC, and rejects with what the user's code threw. Over gRPC `package.Service` is the service of that
 * name, or else `Service`, as in Kitex.
 *
 * @throws {TypeError} If a method is no function, none is there, or `interceptors` is no array of functions.
 *
 * @example
 * ```ts ignore
 * const handler = implement(Chat, {
 *   async *ask(question, stream) {
 *     for await (const word of answer(question, stream.signal)) yield word;
 *   },
 * });
 * ```
 */
export function implement<M extends AnyMethods>(
  service: Service<M>,
  implementation: Partial<Implementation<M>>,
  options: ImplementOptions = {},
): ServiceHandler {
  const interceptors = functions("interceptors", options.interceptors);
  const entries = new Map<string, Entry>();
  for (const [property, method] of Object.entries(service.methods)) {
    const call = memberOf(implementation, property);
    if (call === undefined) continue;
    if (typeof call !== "function") {
      throw new TypeError(`${service.name}.${property} must be a function, got ${show(call)}`);
    }
    entries.set(method.name ?? property, {
      kind: method.kind,
      request: method.request,
      response: method.response,
      throws: method.throws,
      oneway: method.oneway === true,
      call: (...args) => Reflect.apply(call, implementation, args),
    });
  }
  const properties = Object.keys(service.methods);
  if (entries.size === 0 && properties.length > 0) {
    throw new TypeError(`${service.name}: no method is implemented, of ${properties.join(", ")}`);
  }
  const handler = (stream: ServerStream): Promise<void> => {
    checkStream(stream);
    // Kitex's clients always name the service; where none is named, the method decides.
    if (stream.service !== "" && stream.service !== service.name && shortName(stream) !== service.name) {
      return unknownService(stream);
    }
    const entry = entries.get(stream.method);
    const unary = sideBehind(stream)?.unary;
    // TTHeader has another form for each; gRPC's clients do not say which they mean.
    if (entry === undefined || (unary !== undefined && unary !== (entry.kind === "unary"))) {
      return refuse(stream, "unknown method", `unknown method ${stream.method}`);
    }
    if (entry.oneway) sideBehind(stream)?.mute();
    const typed = typedStream(stream, entry);
    // Middleware may have taken its time: whoever waits for the signal would wait for ever.
    if (typed.ended()) return handled(Promise.reject(typed.raw.signal.reason));
    const running = interceptors.length === 0
      ? run(entry, typed)
      : runIntercepted(interceptors, entry, typed);
    typed.running = running;
    // A hand-made stream does not remember it, and middleware may not wait for it.
    return typed.running === undefined ? handled(running) : running;
  };
  return Object.assign(handler, { services: [service.name], methods: [...entries.keys()] });
}

/** A method of the user's own: what every object inherits is none, `toString` say, where the IDL has one of that name. */
function memberOf(implementation: object, property: string): unknown {
  const member: unknown = Reflect.get(implementation, property);
  if (Object.hasOwn(implementation, property)) return member;
  return property === "constructor" || member === Reflect.get(Object.prototype, property)
    ? undefined
    : member;
}

/**
 * Joins handlers into one: each gets the streams of its own services; one without `services` gets all others.
 *
 * Over gRPC a stream of `package.Service` goes to the handler of that name, or else to that of `Service`, as in Kitex.
 * An unknown service is answered with exception 20 `unknown service X`, in gRPC with UNIMPLEMENTED. Where a client
 * names no service, the one handler there is gets the stream, or, in a unary call, of several the one that has the
 * method.
 *
 * @throws {TypeError} If one is no function, two have the same service, or two have no `services`.
 *
 * @example
 * ```ts
 * import { type Codec, defineService, implement, route, serve } from "@ttstream/ttstream";
 *
 * const text: Codec<string> = {
 *   encode: (message) => new TextEncoder().encode(message),
 *   decode: (payload) => new TextDecoder().decode(payload),
 * };
 * const Chat = defineService("Chat", { ask: { kind: "server", name: "Ask", request: text, response: text } });
 * const Echo = defineService("Echo", { say: { kind: "bidirectional", name: "Say", request: text, response: text } });
 *
 * const chat = implement(Chat, { ask: (_question, stream) => stream.sendAll(["so", "what"]) });
 * const echo = implement(Echo, { say: ({ readable, writable }) => readable.pipeTo(writable) });
 * await serve({ port: 8888 }, route(chat, echo)).finished;
 * ```
 */
export function route(...handlers: Handler[]): ServiceHandler {
  const byService = new Map<string, Handler>();
  let fallback: Handler | undefined;
  for (const handler of handlers) {
    if (typeof handler !== "function") {
      throw new TypeError(`handler must be a function, got ${show(handler)}`);
    }
    if (handler.services === undefined) {
      if (fallback !== undefined) {
        throw new TypeError("route: two handlers without services, one is the fallback");
      }
      fallback = handler;
    }
    for (const service of handler.services ?? []) {
      if (byService.has(service)) throw new TypeError(`route: two handlers for the service "${service}"`);
      byService.set(service, handler);
    }
  }
  const all = [...new Set(byService.values())];
  const handler = (stream: ServerStream): Promise<void> => {
    checkStream(stream);
    const { service } = stream;
    const found = byService.get(service) ?? byService.get(shortName(stream) ?? service) ?? fallback ??
      (service === "" ? unnamed(all, stream) : undefined);
    return found === undefined ? unknownService(stream) : callHandler(found, stream);
  };
  if (fallback !== undefined) return handler;
  const methods = all.flatMap(({ methods }) => methods ?? []);
  return Object.assign(handler, { services: [...byService.keys()], methods });
}

/** Who gets a stream that names no service; nobody where that is not plain. Of Kitex's clients those of unary calls may name none. */
function unnamed(handlers: readonly Handler[], stream: ServerStream): Handler | undefined {
  const [only, ...others] = handlers;
  if (others.length === 0) return only;
  if (sideBehind(stream)?.unary !== true) return undefined;
  const having = handlers.filter(({ methods }) => methods?.includes(stream.method));
  return having.length === 1 ? having[0] : undefined;
}

/**
 * The service's name without the package that gRPC's paths have in front of it: Kitex's clients name one where the IDL
 * has a namespace, and its servers pass over it. `undefined` where there is none, or the protocol has no packages.
 */
function shortName({ service, protocol }: ServerStream): string | undefined {
  const dot = protocol === "grpc" ? service.lastIndexOf(".") : -1;
  return dot < 0 ? undefined : service.slice(dot + 1);
}

/** The properties of a stream are getters: `{ ...stream }` has none of them. */
function checkStream(stream: ServerStream<unknown, unknown>): void {
  if (typeof stream === "object" && stream !== null) {
    if (sideBehind(stream) !== undefined) return;
    // A hand-made one: what is used of it in any case.
    const { service, method, signal } = stream;
    if (typeof service === "string" && typeof method === "string" && signal instanceof AbortSignal) return;
  }
  throw new TypeError(
    "a handler needs a ServerStream, and { ...stream } has none of its properties: use wrapStream(stream, { … })",
  );
}

function unknownService(stream: ServerStream): Promise<void> {
  return refuse(stream, "unknown service", `unknown service ${stream.service}`);
}

/** Answers in the handlers' stead. A stream that middleware has wrapped in its own way is answered as a failed handler's. */
function refuse(stream: ServerStream, why: Refusal, text: string): Promise<void> {
  const side = sideBehind(stream);
  if (side === undefined) return handled(Promise.reject(new Error(text)));
  side.refuse(why, text);
  return Promise.resolve();
}

function run(entry: Entry, typed: TypedStream): Promise<void> {
  switch (entry.kind) {
    case "bidirectional":
      return runBidirectional(entry, typed);
    case "server":
      return runServer(entry, typed);
    case "client":
      return runClient(entry, typed);
    case "unary":
      return runUnary(entry, typed);
    default:
      return entry.kind satisfies never;
  }
}

/** Runs a method within interceptors, each of which may have replaced what the next one gets. */
async function runIntercepted(
  interceptors: readonly ServerInterceptor[],
  entry: Entry,
  typed: TypedStream,
): Promise<void> {
  try {
    await runWithin(interceptors, typed.stream, (stream) => {
      checkStream(stream);
      if (stream.signal.aborted) return Promise.reject(stream.signal.reason);
      return run(entry, stream === typed.stream ? typed : handedOn(stream, typed.raw));
    });
    await typed.finish?.();
  } catch (error) {
    // An interceptor may refuse in the method's own words.
    if (!isDeclared(error, entry.throws) || typed.ended()) throw error;
    await typed.send(error);
    await typed.finish?.();
  } finally {
    forget(typed);
  }
}

/** No async function: its frame would be a third of what a stream on which nothing happens keeps in memory. */
function runBidirectional(entry: Entry, typed: TypedStream): Promise<void> {
  return answered(attempt(() => entry.call(typed.stream)), typed);
}

/** Of its own, so that what waits holds the stream alone. */
function answered(returned: Promise<unknown>, typed: TypedStream): Promise<void> {
  return returned.then(
    (answers) => answer(answers, typed),
    (error) => {
      forget(typed);
      throw error;
    },
  );
}

async function runServer(entry: Entry, typed: TypedStream): Promise<void> {
  let answers: unknown;
  try {
    const first = await typed.next();
    if (first.done) return await refuseWithoutRequest(typed);
    answers = await entry.call(onlyRequest(first.value, typed), typed.stream);
  } catch (error) {
    forget(typed);
    throw error;
  }
  await answer(answers, typed);
}

async function runClient(entry: Entry, typed: TypedStream): Promise<void> {
  try {
    // What it throws at once comes after this has been told who runs.
    const response = await attempt(() => entry.call(typed.stream));
    if (!typed.ended()) await typed.send(response);
    await typed.finish?.();
  } finally {
    forget(typed);
  }
}

async function runUnary(entry: Entry, typed: TypedStream): Promise<void> {
  try {
    const first = await typed.next();
    if (first.done) return await refuseWithoutRequest(typed);
    const response = await declared(entry, () => entry.call(onlyRequest(first.value, typed), typed.stream));
    if (!typed.ended()) await typed.send(response);
    await typed.finish?.();
  } finally {
    forget(typed);
  }
}

/** What a method answers: a declared exception is an answer, which `response` encodes as it does the others. */
async function declared({ throws }: Entry, call: () => unknown): Promise<unknown> {
  try {
    return await call();
  } catch (error) {
    if (!isDeclared(error, throws)) throw error;
    return error;
  }
}

function refuseWithoutRequest({ raw }: TypedStream): Promise<void> {
  return refuse(raw, "no request", "no request message");
}

/** The request has come, and what follows it is dropped: a second one is none of the protocol's. */
function onlyRequest(request: unknown, typed: TypedStream): unknown {
  if (typed.ended()) throw typed.raw.signal.reason;
  typed.discard();
  return request;
}

/** Sends what the user's method returned, if it returned answers. */
async function answer(result: unknown, typed: TypedStream): Promise<void> {
  try {
    if (isAsyncIterable(result)) await sendAll(result, typed);
    else if (result !== undefined) {
      const { service, method } = typed.stream;
      throw new TypeError(
        `${service}.${method} must return nothing or an async iterable, got ${typeof result}`,
      );
    }
    await typed.finish?.();
  } finally {
    forget(typed);
  }
}

/** The method has returned. Middleware that does not wait for it must not end the process where it has failed. */
function forget(typed: TypedStream): void {
  if (typed.running !== undefined) handled(typed.running);
  typed.running = undefined;
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}
