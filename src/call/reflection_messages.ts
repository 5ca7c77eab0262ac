import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { Bytes } from "../base/buffer.ts";

/** What the reflection service can be asked: exactly one of them (grpc `reflection/v1/reflection.proto`). */
export type ReflectionRequest =
  | { readonly listServices: string }
  | { readonly fileContainingSymbol: string }
  | { readonly fileByFilename: string };

/** What it answers, as far as it was asked. */
export interface ReflectionResponse {
  /** The names of the services. */
  readonly services: readonly string[];
  /** `FileDescriptorProto`s, encoded. */
  readonly files: readonly Bytes[];
  /** Why there is no answer: a gRPC status, and a text. */
  readonly error: { readonly code: number; readonly message: string } | undefined;
}

/** The numbers of the fields. */
const Request = { FileByFilename: 3, FileContainingSymbol: 4, ListServices: 7 } as const;
const Response = { Files: 4, Services: 6, Error: 7 } as const;

/** A `ServerReflectionRequest`, encoded. */
export function encodeRequest(request: ReflectionRequest): Uint8Array {
  const [field, text] = "listServices" in request
    ? [Request.ListServices, request.listServices]
    : "fileContainingSymbol" in request
    ? [Request.FileContainingSymbol, request.fileContainingSymbol]
    : [Request.FileByFilename, request.fileByFilename];
  return new BinaryWriter().tag(field, WireType.LengthDelimited).string(text).finish();
}

/**
 * Reads a `ServerReflectionResponse`.
 *
 * @throws {Error} What is wrong with it.
 */
export function decodeResponse(payload: Bytes): ReflectionResponse {
  const services: string[] = [];
  const files: Bytes[] = [];
  let error: ReflectionResponse["error"];
  for (const [field, bytes] of messagesIn(payload)) {
    if (field === Response.Files) files.push(...messagesIn(bytes).map(([, file]) => file));
    else if (field === Response.Services) {
      services.push(...messagesIn(bytes).map(([, service]) => nameIn(service)));
    } else if (field === Response.Error) error = errorIn(bytes);
  }
  return { services, files, error };
}

/** The fields of a message that have a length, by their numbers; others are skipped. */
function messagesIn(payload: Bytes): [field: number, bytes: Bytes][] {
  const reader = new BinaryReader(payload);
  const found: [number, Bytes][] = [];
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (type === WireType.LengthDelimited) found.push([field, new Uint8Array(reader.bytes())]);
    else reader.skip(type, field);
  }
  return found;
}

/** A `ServiceResponse`'s one field. */
function nameIn(service: Bytes): string {
  return new TextDecoder().decode(messagesIn(service).find(([field]) => field === 1)?.[1]);
}

/** An `ErrorResponse`. */
function errorIn(payload: Bytes): NonNullable<ReflectionResponse["error"]> {
  const reader = new BinaryReader(payload);
  let code = 0;
  let message = "";
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 1 && type === WireType.Varint) code = reader.int32();
    else if (field === 2 && type === WireType.LengthDelimited) message = reader.string();
    else reader.skip(type, field);
  }
  return { code, message };
}
