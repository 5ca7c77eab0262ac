import {
  addMetadata,
  type HeaderInit,
  type Metadata,
  type Metainfo,
  type MetainfoInit,
  readMetadata,
} from "../core/metadata.ts";

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
  for (const metainfo of [forwarded(options.parent), options.metainfo]) {
    if (metainfo === undefined) continue;
    addMetadata(header, metainfo.persistent, "metainfo.persistent", PERSISTENT_PREFIX);
    addMetadata(header, metainfo.transient, "metainfo.transient", TRANSIENT_PREFIX);
  }
  header.set(SERVICE_KEY, service);
  return header;
}

/** The metainfo of a parent's that goes on. Behind gRPC what is transient has arrived, as in Kitex. */
function forwarded(parent: HeaderInit["parent"]): MetainfoInit | undefined {
  if (parent?.protocol !== "grpc") return parent?.metainfo;
  return { persistent: parent.metainfo.persistent };
}
