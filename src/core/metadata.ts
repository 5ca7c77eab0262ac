import { show } from "../base/format.ts";

/** String keys and values of a frame. The keys are case-sensitive, which is why this is not `Headers`. */
export type Metadata = ReadonlyMap<string, string>;

/** What may be given where {@linkcode Metadata} is wanted. */
export type MetadataInit = Metadata | Readonly<Record<string, string>>;

/**
 * Kitex's metainfo: values that travel with a call. Persistent ones are meant for the whole chain of calls,
 * transient ones for the next service.
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

/** The Header frame's key for the IDL's service name. */
export const SERVICE_KEY = "isn";
/** The Rst frame's key for the cancel path, its names joined by commas. */
export const CANCEL_PATH_KEY = "ttscp";
/** The key of the Meta frame, on stream 0, that says that the server is about to close. None of Kitex's, which ignores it. */
export const DRAINING_KEY = "tts-draining";
const PERSISTENT_PREFIX = "RPC_PERSIST_";
const TRANSIENT_PREFIX = "RPC_TRANSIT_";
/** The one metainfo key with an info block of its own on the wire (gopkg `protocol/ttheader`: GDPRToken). */
export const ACL_TOKEN_KEY: string = TRANSIENT_PREFIX + "gdpr-token";

/** A frame without string keys shares this one. */
export const NO_METADATA: Metadata = new Map();

/**
 * Reads what a user gave as metadata.
 *
 * @param what How the option is called, for the error.
 * @throws {TypeError} If it is no map or record, or a key or value is not a string.
 */
export function readMetadata(init: MetadataInit | undefined, what: string): Map<string, string> {
  const map = new Map<string, string>();
  if (init === undefined) return map;
  if (typeof init !== "object" || init === null || Array.isArray(init)) {
    throw new TypeError(`${what} must be a Map or a record of strings, got ${show(init)}`);
  }
  for (const [key, value] of isMap(init) ? init : Object.entries(init)) {
    checkPair(key, value, what);
    map.set(key, value);
  }
  return map;
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

/** The metainfo among a header's keys. */
export function metainfoOf(metadata: Metadata): Metainfo {
  const persistent = new Map<string, string>();
  const transient = new Map<string, string>();
  for (const [key, value] of metadata) {
    if (key.startsWith(PERSISTENT_PREFIX)) persistent.set(key.slice(PERSISTENT_PREFIX.length), value);
    else if (key.startsWith(TRANSIENT_PREFIX)) transient.set(key.slice(TRANSIENT_PREFIX.length), value);
  }
  return { persistent, transient };
}

/** What of a call's options becomes its Header frame. */
export interface HeaderInit {
  metadata?: MetadataInit | undefined;
  metainfo?: MetainfoInit | undefined;
  parent?: { readonly metainfo: Metainfo } | undefined;
}

/**
 * The string keys of a client's Header frame: the raw ones, then the parent's metainfo, then the call's own over it.
 *
 * @throws {TypeError} If `metadata` holds `isn`, or anything is not a string.
 */
export function headerMetadata(service: string, options: HeaderInit): Metadata {
  const header = readMetadata(options.metadata, "metadata");
  if (header.has(SERVICE_KEY)) {
    throw new TypeError(
      `metadata: the key "${SERVICE_KEY}" is the service's name; set it by opening the service's stream`,
    );
  }
  for (const metainfo of [options.parent?.metainfo, options.metainfo]) {
    if (metainfo === undefined) continue;
    for (const [key, value] of readMetadata(metainfo.persistent, "metainfo.persistent")) {
      header.set(PERSISTENT_PREFIX + key, value);
    }
    for (const [key, value] of readMetadata(metainfo.transient, "metainfo.transient")) {
      header.set(TRANSIENT_PREFIX + key, value);
    }
  }
  header.set(SERVICE_KEY, service);
  return header;
}
