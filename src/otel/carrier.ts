import type { TextMapGetter, TextMapSetter } from "@opentelemetry/api";
import type { MetainfoInit } from "../core/metadata.ts";
import type { StreamEvents, StreamInfo } from "../core/observer.ts";

/** The fields of a trace's context, by their names in lower case. */
export type Carrier = Map<string, string>;

export const setter: TextMapSetter<Carrier> = {
  set: (carrier, key, value) => void carrier.set(key.toLowerCase(), value),
};

export const getter: TextMapGetter<Carrier> = {
  keys: (carrier) => [...carrier.keys()],
  get: (carrier, key) => carrier.get(key.toLowerCase()),
};

/**
 * What goes out with a stream's header: transient metainfo, as `kitex-contrib/obs-opentelemetry` writes it; in gRPC
 * metadata as well, which is what everybody but Kitex reads.
 */
export function sentWith(
  carrier: Carrier,
  { protocol }: StreamInfo,
): Pick<StreamEvents, "metadata" | "metainfo"> {
  if (carrier.size === 0) return {};
  const metainfo: MetainfoInit = { transient: carrier };
  return protocol === "grpc" ? { metadata: carrier, metainfo } : { metainfo };
}

/** What has come with a stream's header. Metainfo that has come over gRPC has its keys in upper case, and `_` for `-`. */
export function cameWith({ protocol, metadata, metainfo }: StreamInfo): Carrier {
  const carrier: Carrier = new Map();
  if (protocol === "grpc") { for (const [key, value] of metadata) carrier.set(key, value); }
  for (const [key, value] of metainfo.transient) carrier.set(key.toLowerCase().replaceAll("_", "-"), value);
  return carrier;
}
