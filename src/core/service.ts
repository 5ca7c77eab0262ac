import type { Codec } from "./codec.ts";
import { nonEmptyString } from "../base/options.ts";
import { show } from "../base/format.ts";

/**
 * Who streams: the words of the IDL's `streaming.mode`; `unary` where nobody does: one request and one response.
 */
export type MethodKind = "unary" | "client" | "server" | "bidirectional";

/** One method of a service; `ReqInit` and `ResInit` are what may be written for a request and a response. */
export interface Method<K extends MethodKind, Req, Res, ReqInit = Req, ResInit = Res> {
  /** Who streams. */
  readonly kind: K;
  /** How requests become payloads. */
  readonly request: Codec<Req, ReqInit>;
  /** How responses become payloads. */
  readonly response: Codec<Res, ResInit>;
  /** The IDL's name, where it differs from the property's. */
  readonly name?: string | undefined;
  /**
   * The exceptions that a unary Thrift method declares. A handler that throws one answers with it: `response` encodes
   * it. At the client `response` throws it as it decodes, and the call rejects with that very object.
   */
  readonly throws?: readonly DeclaredException[] | undefined;
  /**
   * Whether a unary method has no answer: the client's promise resolves when the request is with the socket, and the
   * server sends nothing, whatever its handler does. gRPC has no such thing: an empty answer is sent and awaited there.
   */
  readonly oneway?: boolean | undefined;
}

/** The class of a declared exception. */
export type DeclaredException = new (...args: never[]) => Error;

/** Whether `error` is an instance of one of a method's declared exceptions. */
export function isDeclared(error: unknown, throws: readonly DeclaredException[] | undefined): boolean {
  return throws?.some((type) => error instanceof type) ?? false;
}

/** The methods of any service. */
export type AnyMethods = { readonly [name: string]: Method<MethodKind, unknown, unknown> };

/** A service: its IDL's name and its methods, the same value for client and server. */
export interface Service<M extends AnyMethods> {
  /** The IDL's service name. */
  readonly name: string;
  /** The methods, by the name that client and implementation use. */
  readonly methods: M;
}

const KINDS: readonly string[] = ["unary", "client", "server", "bidirectional"] satisfies MethodKind[];

/**
 * Defines a service, for `createClient` and `implement`.
 *
 * @throws {TypeError} If a name is empty, a kind is none, a codec lacks `encode` or `decode`, or two methods have one
 * wire name.
 *
 * @example
 * ```ts
 * import { type Codec, defineService } from "@ttstream/ttstream";
 *
 * const text: Codec<string> = {
 *   encode: (message) => new TextEncoder().encode(message),
 *   decode: (payload) => new TextDecoder().decode(payload),
 * };
 * const Chat = defineService("Chat", {
 *   ask: { kind: "server", name: "Ask", request: text, response: text },
 * });
 * ```
 */
export function defineService<const M extends AnyMethods>(name: string, methods: M): Service<M> {
  nonEmptyString("service name", name);
  const wireNames = new Set<string>();
  for (const [property, method] of Object.entries(methods)) {
    const wireName = nonEmptyString(`${name}.${property}: name`, method.name ?? property);
    if (wireNames.has(wireName)) {
      throw new TypeError(`${name}.${property}: a second method named "${wireName}"`);
    }
    wireNames.add(wireName);
    if (!KINDS.includes(method.kind)) {
      throw new TypeError(
        `${name}.${property}: kind must be one of ${KINDS.join(", ")}, got ${show(method.kind)}`,
      );
    }
    checkUnaryFields(`${name}.${property}`, method);
    for (const part of ["request", "response"] as const) {
      const codec = method[part];
      if (typeof codec?.encode !== "function" || typeof codec.decode !== "function") {
        throw new TypeError(`${name}.${property}: ${part} must be a codec with encode and decode`);
      }
    }
  }
  return { name, methods };
}

function checkUnaryFields(what: string, { kind, throws, oneway }: AnyMethods[string]): void {
  if (
    throws !== undefined && !(Array.isArray(throws) && throws.every((type) => typeof type === "function"))
  ) {
    throw new TypeError(`${what}: throws must be an array of classes, got ${show(throws)}`);
  }
  if (oneway !== undefined && typeof oneway !== "boolean") {
    throw new TypeError(`${what}: oneway must be a boolean, got ${show(oneway)}`);
  }
  if (kind === "unary") return;
  if (throws !== undefined) throw new TypeError(`${what}: only a unary method has declared exceptions`);
  if (oneway === true) throw new TypeError(`${what}: only a unary method can be oneway`);
}
