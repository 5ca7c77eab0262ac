import type { Codec } from "./codec.ts";
import { ExceptionType } from "./exception.ts";
import type { Handler } from "./handler.ts";
import type { Invocation } from "./invocation.ts";
import { HandlerStream, type ServerStream } from "./server_stream.ts";
import type { AnyMethods, Implementation, MethodKind, Service } from "./service.ts";
import type { MessageWriter } from "./writer.ts";

/** One method, ready to be run on a stream. */
interface Entry {
  readonly kind: MethodKind;
  readonly request: Codec<unknown>;
  readonly response: Codec<unknown>;
  /** The user's method, called on the user's object. */
  call(...args: unknown[]): unknown;
}

/**
 * Makes a handler of a service's implementation: an object or class instance with one function for each method.
 *
 * It answers unknown methods itself (exception 1 `unknown method X`), unknown services too (20), and rejects with what
 * the user's code threw.
 *
 * @throws {TypeError} If a method is missing.
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
  implementation: Implementation<M>,
): Handler {
  const entries = new Map<string, Entry>();
  for (const [property, method] of Object.entries(service.methods)) {
    const call: unknown = Reflect.get(implementation, property);
    if (typeof call !== "function") throw new TypeError(`${service.name}.${property} is not implemented`);
    entries.set(method.name ?? property, {
      kind: method.kind,
      request: method.request,
      response: method.response,
      call: (...args) => Reflect.apply(call, implementation, args),
    });
  }
  const handler = (stream: ServerStream): void | Promise<void> => {
    const invocation = invocationOf(stream);
    const { method } = invocation;
    // Kitex's clients always name the service; where none is named, the method decides.
    if (invocation.service !== "" && invocation.service !== service.name) {
      return invocation.refuse(ExceptionType.UnknownService, `unknown service ${invocation.service}`);
    }
    const entry = entries.get(method);
    if (entry === undefined) {
      return invocation.refuse(ExceptionType.UnknownMethod, `unknown method ${method}`);
    }
    return run(entry, invocation);
  };
  return Object.assign(handler, { services: [service.name] });
}

/**
 * Joins handlers into one: each gets the streams of its own services; one without `services` gets all others.
 *
 * An unknown service is answered with exception 20 `unknown service X`. Where a client names no service, the one
 * handler there is gets the stream.
 *
 * @throws {TypeError} If two handlers have the same service, or two have no `services`.
 */
export function route(...handlers: Handler[]): Handler {
  const byService = new Map<string, Handler>();
  let fallback: Handler | undefined;
  for (const handler of handlers) {
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
  const only = byService.size === 1 ? [...byService.values()][0] : undefined;
  const handler = (stream: ServerStream): void | Promise<void> => {
    const { service } = stream;
    const found = byService.get(service) ?? fallback ?? (service === "" ? only : undefined);
    if (found !== undefined) return found(stream);
    invocationOf(stream).refuse(ExceptionType.UnknownService, `unknown service ${service}`);
  };
  return fallback === undefined ? Object.assign(handler, { services: [...byService.keys()] }) : handler;
}

function invocationOf(stream: ServerStream): Invocation {
  const invocation = HandlerStream.invocationOf(stream);
  if (invocation !== undefined) return invocation;
  throw new TypeError("implement() and route() need the ServerStream that the server gave, not a copy of it");
}

async function run(entry: Entry, invocation: Invocation): Promise<void> {
  const stream = new HandlerStream(invocation, entry.request, entry.response);
  switch (entry.kind) {
    case "bidirectional":
      return await answer(await entry.call(stream), stream, invocation);
    case "server": {
      const first = await stream.reader.next();
      if (first.done) return invocation.refuse(ExceptionType.InternalError, "no request message");
      // A second request is none of the protocol's, and is dropped.
      invocation.discard();
      return await answer(await entry.call(first.value, stream), stream, invocation);
    }
    case "client": {
      const response = await entry.call(stream);
      if (!invocation.ended) await stream.writer.send(response);
      return;
    }
    default:
      entry.kind satisfies never;
  }
}

/** Sends what the user's method returned, if it returned answers. */
async function answer(
  result: unknown,
  stream: HandlerStream<unknown, unknown>,
  invocation: Invocation,
): Promise<void> {
  if (result === undefined) return;
  if (!isAsyncIterable(result)) {
    throw new TypeError(`${stream.service}.${stream.method} must return nothing or an async iterable`);
  }
  await sendAll(result[Symbol.asyncIterator](), stream.writer, invocation);
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

/**
 * Sends all that an iterator yields. When the stream ends first, the iterator is told to return and not awaited for
 * that: a generator in an `await` of its own comes to its `finally` only after it.
 */
async function sendAll(
  answers: AsyncIterator<unknown>,
  writer: MessageWriter<unknown>,
  invocation: Invocation,
): Promise<void> {
  const leave = () => {
    (async () => await answers.return?.())().catch((error) => invocation.fail(error));
  };
  if (invocation.ended) return leave();
  invocation.onEnd = leave;
  try {
    for (let next = await answers.next(); !next.done; next = await answers.next()) {
      if (invocation.ended) return;
      const sending = writer.send(next.value);
      if (sending !== undefined) await sending;
    }
  } finally {
    invocation.onEnd = undefined;
  }
}
