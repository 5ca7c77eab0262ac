import {
  type HeaderInit,
  type Metadata,
  type Metainfo,
  NO_METADATA,
  readMetadata,
} from "../core/metadata.ts";
import type { HeaderField } from "../http2/hpack/field.ts";

const PERSISTENT_PREFIX = "rpc-persist-";
const TRANSIENT_PREFIX = "rpc-transit-";

/** The name of the service that calls, for the text of a cancel (Kitex `pkg/transmeta/http2.go`). */
export const SOURCE_SERVICE = "source-service";

/** Keys that are the protocol's own, or HTTP's: none of them is a user's to set. */
const RESERVED: ReadonlySet<string> = new Set([
  "te",
  "content-type",
  "content-length",
  "user-agent",
  "host",
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

/** Keys of an answer that say how it ended, not what its handler has to say. */
const STATUS_KEYS: ReadonlySet<string> = new Set([
  "grpc-status",
  "grpc-message",
  "grpc-status-details-bin",
  "grpc-encoding",
  "grpc-accept-encoding",
]);

/**
 * A key as it travels: lower case.
 *
 * @throws {TypeError} If gRPC cannot send it, or it is not the user's to set.
 */
function wireKey(what: string, key: string): string {
  const lower = key.toLowerCase();
  if (!/^[0-9a-z_.-]+$/.test(lower)) {
    throw new TypeError(
      `${what}: gRPC cannot send the key "${key}": letters, digits, "_", "-" and "." make one`,
    );
  }
  if (lower.startsWith("grpc-") || RESERVED.has(lower)) {
    throw new TypeError(`${what}: the key "${key}" is the protocol's own`);
  }
  return lower;
}

/**
 * A value as it travels: printable ASCII, or base64 under a key with `-bin`.
 *
 * @throws {TypeError} If it is neither.
 */
function checkValue(what: string, key: string, value: string): void {
  if (key.endsWith("-bin")) {
    if (/^[A-Za-z0-9+/]*={0,2}(, ?[A-Za-z0-9+/]*={0,2})*$/.test(value)) return;
    throw new TypeError(`${what}: the value of "${key}" is no base64`);
  }
  if (/^[ -~]*$/.test(value)) {
    // HTTP takes spaces at the ends away.
    if (value.trim() === value) return;
    throw new TypeError(`${what}: gRPC cannot send the value of "${key}": it begins or ends with a space`);
  }
  throw new TypeError(
    `${what}: gRPC cannot send the value of "${key}": only printable ASCII travels, bytes do as base64 under a key with "-bin"`,
  );
}

/** @throws {TypeError} If gRPC cannot send the pair. */
export function checkWirePair(what: string, key: string, value: string): string {
  const lower = wireKey(what, key);
  checkValue(what, lower, value);
  return lower;
}

/**
 * What a client's request carries beside the protocol's own fields: the raw keys, then the parent's metainfo, then the
 * call's own over it.
 *
 * @throws {TypeError} If gRPC cannot send something of it.
 */
export function requestMetadata(_service: string, init: HeaderInit): Metadata {
  const header = new Map<string, string>();
  for (const [key, value] of readMetadata(init.metadata, "metadata")) {
    header.set(checkWirePair("metadata", key, value), value);
  }
  for (const metainfo of [init.parent?.metainfo, init.metainfo]) {
    if (metainfo === undefined) continue;
    for (
      const [kind, prefix] of [["persistent", PERSISTENT_PREFIX], ["transient", TRANSIENT_PREFIX]] as const
    ) {
      const what = `metainfo.${kind}`;
      for (const [key, text] of readMetadata(metainfo[kind], what)) {
        // Kitex sends them as they are, in UTF-8, and what has come from it must go on.
        const value = utf8Value(text);
        const plain = value.replace(/[\x80-\xff]/g, "?");
        // It reads the keys back as CGI variables (bytedance/gopkg `metainfo/http.go`).
        header.set(checkWirePair(what, prefix + key.replaceAll("_", "-"), plain), value);
      }
    }
  }
  return header;
}

/** The metainfo among a request's keys: upper case and underscores, whatever they were at the caller. */
export function metainfoOf(metadata: Metadata): Metainfo {
  const persistent = new Map<string, string>();
  const transient = new Map<string, string>();
  for (const [key, value] of metadata) {
    if (key.startsWith(PERSISTENT_PREFIX)) {
      persistent.set(cgiName(key.slice(PERSISTENT_PREFIX.length)), value);
    } else if (key.startsWith(TRANSIENT_PREFIX)) {
      transient.set(cgiName(key.slice(TRANSIENT_PREFIX.length)), value);
    }
  }
  return { persistent, transient };
}

function cgiName(key: string): string {
  return key.toUpperCase().replaceAll("-", "_");
}

const utf8 = new TextEncoder();
const fromUtf8 = new TextDecoder("utf-8", { fatal: true });

/** A text as a field's bytes, one a character. */
export function utf8Value(text: string): string {
  if (/^[ -~]*$/.test(text)) return text;
  return Array.from(utf8.encode(text), (byte) => String.fromCharCode(byte)).join("");
}

/** What a field's bytes say: UTF-8 where they are, else as they are. */
export function textOf(value: string): string {
  if (!/[\x80-\xff]/.test(value)) return value;
  try {
    return fromUtf8.decode(Uint8Array.from(value, (unit) => unit.charCodeAt(0)));
  } catch {
    // Bytes of some other encoding: whoever sent them knows which.
    return value;
  }
}

/** The fields of a header section as a user has them: several of one key joined, HTTP's and the status's own left out. */
export function metadataOf(fields: readonly HeaderField[]): Metadata {
  let metadata: Map<string, string> | undefined;
  for (const [key, value] of fields) {
    if (key.startsWith(":") || STATUS_KEYS.has(key) || key === "te") continue;
    metadata ??= new Map();
    const before = metadata.get(key);
    const text = textOf(value);
    metadata.set(key, before === undefined ? text : `${before}, ${text}`);
  }
  return metadata ?? NO_METADATA;
}

/** The first value of a field. */
export function fieldOf(fields: readonly HeaderField[], name: string): string | undefined {
  for (const [key, value] of fields) if (key === name) return value;
  return undefined;
}
