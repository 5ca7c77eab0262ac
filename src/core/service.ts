import type { Codec } from "./codec.ts";
import { nonEmptyString } from "../base/options.ts";
import { show } from "../base/format.ts";

/**
 * Who streams: the words of the IDL's `streaming.mode`; `unary` where nobody does, one request and one response, which
 * gRPC has and TTHeader Streaming has not.
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
  /** Unary methods: the exceptions that it declares, as classes. */
  readonly throws?: readonly (new (...args: never[]) => Error)[] | undefined;
  /** Unary methods: whether it has no answer, not even an error. */
  readonly oneway?: boolean | undefined;
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
    for (const part of ["request", "response"] as const) {
      const codec = method[part];
      if (typeof codec?.encode !== "function" || typeof codec.decode !== "function") {
        throw new TypeError(`${name}.${property}: ${part} must be a codec with encode and decode`);
      }
    }
  }
  return { name, methods };
}
