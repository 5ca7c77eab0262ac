import type { ClientStream, ClientStreamingCall, ServerStreamingCall } from "./client_stream.ts";
import type { CallOptions } from "./client.ts";
import type { Codec } from "./codec.ts";
import { nonEmptyString } from "./options.ts";
import type { ServerStream } from "./server_stream.ts";
import { show } from "./show.ts";

/** Who streams: the words of the IDL's `streaming.mode`. */
export type MethodKind = "client" | "server" | "bidirectional";

/** One method of a service. */
export interface Method<K extends MethodKind, Req, Res> {
  /** Who streams. */
  readonly kind: K;
  /** How requests become payloads. */
  readonly request: Codec<Req>;
  /** How responses become payloads. */
  readonly response: Codec<Res>;
  /** The IDL's name, where it differs from the property's. */
  readonly name?: string | undefined;
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

const KINDS: readonly string[] = ["client", "server", "bidirectional"] satisfies MethodKind[];

/**
 * Defines a service, for `createClient` and `implement`.
 *
 * @throws {TypeError} If a name is empty, a kind is none, a codec lacks `encode` or `decode`, or two methods have one wire name.
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

/** How a client calls one method. */
export type ClientMethod<T> = T extends Method<infer K, infer Req, infer Res>
  ? K extends "bidirectional" ? (options?: CallOptions) => ClientStream<Req, Res>
  : K extends "server" ? (request: Req, options?: CallOptions) => ServerStreamingCall<Res>
  : (options?: CallOptions) => ClientStreamingCall<Req, Res>
  : never;

/** The client of a service: a function for each method. */
export type Client<M extends AnyMethods> = { readonly [N in keyof M]: ClientMethod<M[N]> };

/** What a handler that streams its answers may return: nothing, or the answers. */
export type Answers<Res> = void | AsyncIterable<Res> | Promise<void | AsyncIterable<Res>>;

/** How a server implements one method. */
export type ImplementationMethod<T> = T extends Method<infer K, infer Req, infer Res>
  ? K extends "bidirectional" ? (stream: ServerStream<Req, Res>) => Answers<Res>
  : K extends "server" ? (request: Req, stream: Omit<ServerStream<Req, Res>, "readable">) => Answers<Res>
  : (stream: Omit<ServerStream<Req, Res>, "writable">) => Res | Promise<Res>
  : never;

/** The implementation of a service: a function for each method, in an object or a class instance. */
export type Implementation<M extends AnyMethods> = { readonly [N in keyof M]: ImplementationMethod<M[N]> };
