import type { Attributes } from "@opentelemetry/api";
import { look } from "../base/reason.ts";
import { isBizStatusError, isStreamError } from "../core/errors.ts";
import type { StreamEnd, StreamInfo } from "../core/observer.ts";
import { GrpcStatus } from "../grpc/status.ts";

/** What the stream of an unknown service or method is called: what a stranger sends must not become a name of one's own. */
export const OTHER = "_OTHER";

/** How long a name that a peer gives may become among one's own, and a text, in UTF-16 units. */
const MAX_NAME_LENGTH = 256;
const MAX_TEXT_LENGTH = 1_024;

/** A name as a peer gave it, cut where it is too long to be one. */
export function nameOf(name: string): string {
  return cut(name, MAX_NAME_LENGTH);
}

/** A text as a peer gave it, cut where nobody would read on. */
export function textOf(text: string): string {
  return cut(text, MAX_TEXT_LENGTH);
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).toWellFormed()}…`;
}

/** `Service/Method`, which is the span's name, too. */
export function methodOf({ service, method }: StreamInfo): string {
  return nameOf(service === "" ? method : `${service}/${method}`);
}

/** The protocol. */
export function systemNameOf({ protocol }: StreamInfo): string {
  return protocol === "grpc" ? "grpc" : "ttheader_streaming";
}

/** The protocol. */
export function systemOf(info: StreamInfo): Attributes {
  return { "rpc.system.name": systemNameOf(info) };
}

/** The method, once it is known whether it is one. */
export function methodAttributesOf(info: StreamInfo, { unknownMethod }: Outcome): Attributes {
  return { "rpc.method": unknownMethod ? OTHER : methodOf(info) };
}

/** The other end's address: at a client the server's, at a server the client's. */
export function addressOf({ side, remoteAddr }: StreamInfo): Attributes {
  if (remoteAddr === undefined) return {};
  // Keys that are computed would make each a slow object, and there are two for every stream.
  if ("hostname" in remoteAddr) {
    const { hostname, port } = remoteAddr;
    return side === "client"
      ? { "server.address": hostname, "server.port": port }
      : { "client.address": hostname, "client.port": port };
  }
  if (!("path" in remoteAddr)) return {};
  const { path } = remoteAddr;
  return side === "client" ? { "server.address": path } : { "client.address": path };
}

/** How a stream ended, in the words of the semantic conventions. */
export interface Outcome {
  /** `rpc.status_code`: gRPC's name of the code, the number of a TTHeader Streaming code, or of a business error. */
  readonly status: string;
  /** `error.type`; absent where it ended well or was cancelled. */
  readonly errorType?: string;
  /** Whether somebody cancelled it, which is no error. */
  readonly canceled: boolean;
  /** Who did, where that travelled with the cancel. */
  readonly canceledBy?: string;
  /** Whether the server does not know the method, or has not looked for it: its name is anybody's. */
  readonly unknownMethod: boolean;
}

/**
 * Reads a stream's end.
 *
 * @param ran Whether a server's handler has been called. A stream that was refused before, or cancelled, has only the name
 * that its client gave it.
 */
export function outcomeOf({ protocol, side }: StreamInfo, { error }: StreamEnd, ran: boolean): Outcome {
  const named = (code: number) => protocol === "grpc" ? grpcName(code) : String(code);
  const neverRan = side === "server" && !ran;
  if (error === undefined) return { status: named(0), canceled: false, unknownMethod: neverRan };
  if (isStreamError(error)) {
    const status = named(error.code);
    const unknownMethod = neverRan ||
      (side === "server" && isUnknownMethod(error.exceptionType, error.description));
    if (error.kind !== "canceled") return { status, errorType: status, canceled: false, unknownMethod };
    const canceledBy = error.cancelPath[0] ?? TRIGGERED_BY.exec(error.description)?.[1];
    const by = canceledBy === undefined ? {} : { canceledBy: nameOf(canceledBy) };
    return { status, canceled: true, unknownMethod, ...by };
  }
  if (isBizStatusError(error)) {
    const status = String(error.statusCode);
    return { status, errorType: "BizStatusError", canceled: false, unknownMethod: neverRan };
  }
  // What a handler has thrown: its client reads the protocol's code for that.
  const status = named(protocol === "grpc" ? GrpcStatus.Internal : APPLICATION_EXCEPTION);
  const errorType = nameOf(look(() => String(error.name)) ?? "Error");
  return { status, errorType, canceled: false, unknownMethod: neverRan };
}

/** TTHeader Streaming's code for whatever a handler throws. */
const APPLICATION_EXCEPTION = 12001;

/** The caller's name at the end of a cancelled gRPC stream's text (Kitex `source-service`). */
const TRIGGERED_BY = /\[triggered by ([^\]]+)\]$/;

/** Thrift's exception types of an unknown method and Kitex's of an unknown service; gRPC has the words alone. */
function isUnknownMethod(exceptionType: number | undefined, description: string): boolean {
  return exceptionType === 1 || exceptionType === 20 || /^unknown (?:service|method) /.test(description);
}

/** What is known of a stream when it has ended. */
export function endAttributesOf(outcome: Outcome): Attributes {
  const attributes: Attributes = { "rpc.status_code": outcome.status };
  if (outcome.errorType !== undefined) attributes["error.type"] = outcome.errorType;
  return attributes;
}

/** The name of a gRPC code in the conventions; the number of one that has none. */
function grpcName(code: number): string {
  return GRPC_NAMES.get(code) ?? String(code);
}

const GRPC_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(GrpcStatus).map(([name, code]) => [
    code,
    // gRPC's own word has two L.
    code === GrpcStatus.Canceled ? "CANCELLED" : name.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase(),
  ]),
);
