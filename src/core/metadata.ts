import { show } from "../base/format.ts";

/**
 * String keys and values of a frame. The keys are case-sensitive, which is why this is not `Headers`; those of gRPC are
 * lower case, several values of one key are joined by `", "`, and those of a key with `-bin` are base64.
 */
export type Metadata = ReadonlyMap<string, string>;

/** What may be given where {@linkcode Metadata} is wanted. */
export type MetadataInit = Metadata | Readonly<Record<string, string>>;

/**
 * Kitex's metainfo: values that travel with a call. Persistent ones are meant for the whole chain of calls,
 * transient ones for the next service. Over gRPC they are `rpc-persist-…` and `rpc-transit-…` fields, and their keys
 * come as upper case with underscores: `user-id` as `USER_ID`, at Kitex's servers as at these.
 */
export interface Metainfo {
  /** Values for the whole chain of calls. */
  readonly persistent: Metadata;
  /** Values for the next service. */
  readonly transient: Metadata;
}

/** What may be given where {@linkcode Metainfo} is wanted. */
export interface MetainfoInit {
  /** Values for the whole chain of calls. */
  persistent?: MetadataInit | undefined;
  /** Values for the next service. */
  transient?: MetadataInit | undefined;
}

/** What is shared is changed by nobody: TypeScript says so, and JavaScript must not tell a neighbour what it has put in. */
const FIXED: PropertyDescriptorMap = Object.fromEntries(
  ["set", "delete", "clear"].map((method) => [method, {
    value() {
      throw new TypeError(`metadata cannot be changed: ${method}() was called on what a peer has sent`);
    },
  }]),
);

/** Metadata as users see them: several streams may have the same. Made so when somebody asks, since it takes 4 µs. */
export function fixedMetadata(metadata: Metadata): Metadata {
  return Object.hasOwn(metadata, "set") ? metadata : Object.defineProperties(metadata, FIXED);
}

/** A frame without string keys shares this one. */
export const NO_METADATA: Metadata = fixedMetadata(new Map());

/**
 * Reads what a user gave as metadata.
 *
 * @param what How the option is called, for the error.
 * @throws {TypeError} If it is no map or record, or a key or value is not a string.
 */
export function readMetadata(init: MetadataInit | undefined, what: string): Map<string, string> {
  const map = new Map<string, string>();
  addMetadata(map, init, what);
  return map;
}

/**
 * Reads the same into a map there is, each key behind `prefix`.
 *
 * @throws {TypeError} If it is no map or record, or a key or value is not a string.
 */
export function addMetadata(
  map: Map<string, string>,
  init: MetadataInit | undefined,
  what: string,
  prefix = "",
): void {
  if (init === undefined) return;
  if (typeof init !== "object" || init === null || Array.isArray(init)) {
    throw new TypeError(`${what} must be a Map or a record of strings, got ${show(init)}`);
  }
  for (const [key, value] of isMap(init) ? init : Object.entries(init)) {
    checkPair(key, value, what);
    map.set(prefix + key, value);
  }
}

/** Any `ReadonlyMap` will do, not only a `Map`. */
function isMap(init: MetadataInit): init is Metadata {
  return Symbol.iterator in init;
}

/** @throws {TypeError} If the key or the value is not a string. */
export function checkPair(key: unknown, value: unknown, what: string): void {
  if (typeof key !== "string") throw new TypeError(`${what}: the key ${show(key)} is not a string`);
  if (typeof value !== "string") {
    throw new TypeError(`${what}: the value of "${key}" is not a string but ${typeof value}`);
  }
}

/** What of a call's options goes out with its header. */
export interface HeaderInit {
  metadata?: MetadataInit | undefined;
  metainfo?: MetainfoInit | undefined;
  parent?: { readonly metainfo: Metainfo; readonly protocol?: string | undefined } | undefined;
}
