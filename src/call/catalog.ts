import type { Method, MethodKind } from "../core/service.ts";

/** A method that can be called with JSON. */
export interface CallableMethod {
  /** Its name on the wire. */
  readonly name: string;
  /** How requests and responses become payloads: both are JSON values. */
  readonly method: Method<MethodKind, unknown, unknown>;
  /** The method in a line, in the words of its IDL. */
  readonly signature: string;
  /** What its request is, for whoever has sent another; a few lines, as they are printed. */
  readonly wants: string;
  /** Whether it has no argument: its request is `null`. */
  readonly takesNothing: boolean;
  /** Whether its response says something: that of `void` does not. */
  readonly hasResponse: boolean;
}

/** A service whose methods can be called with JSON. */
export interface CallableService {
  /** Its name on the wire, package and all. */
  readonly name: string;
  readonly methods: readonly CallableMethod[];
}

/** The services that are known, from an IDL or from the server itself. */
export interface Catalog {
  /** The names of all services. */
  names(): Promise<readonly string[]>;
  /** A service by its name. */
  find(name: string): Promise<CallableService | undefined>;
}
