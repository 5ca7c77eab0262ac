import { createFileRegistry, type FileRegistry, fromBinary } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import type { Bytes } from "../base/buffer.ts";
import { isGrpcError } from "../grpc/error.ts";
import { GrpcStatus } from "../grpc/status.ts";
import type { Connection } from "../rpc/client/connection.ts";
import type { Catalog } from "./catalog.ts";
import { protobufService } from "./protobuf_service.ts";
import {
  decodeResponse,
  encodeRequest,
  type ReflectionRequest,
  type ReflectionResponse,
} from "./reflection_messages.ts";

/** The versions of the reflection service; their messages are the same. */
const SERVICES = ["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"] as const;
const METHOD = "ServerReflectionInfo";

/**
 * The services that a gRPC server tells of itself (grpc `doc/server-reflection.md`).
 *
 * @param timeoutMs How long all of its answers may take together.
 * @throws (rejects) An error in words where it does not, or what its streams ended with.
 */
export async function reflectionCatalog(
  connection: Connection,
  signal: AbortSignal,
  timeoutMs?: number | undefined,
): Promise<Catalog> {
  const server = new Reflection(connection, signal, timeoutMs);
  const names = await server.services();
  return {
    names: () => Promise.resolve(names),
    async find(name) {
      if (!names.includes(name)) return undefined;
      const registry = await server.registryFor(name);
      const service = registry.getService(name);
      return service && protobufService(service, registry);
    },
  };
}

/** The conversation with a server's reflection service. */
class Reflection {
  readonly #connection: Connection;
  readonly #signal: AbortSignal;
  /** When its time is over, by `performance.now()`. */
  readonly #endsAt: number | undefined;
  #service: string = SERVICES[0];
  readonly #files = new Map<string, FileDescriptorProto>();

  constructor(connection: Connection, signal: AbortSignal, timeoutMs: number | undefined) {
    this.#connection = connection;
    this.#signal = signal;
    this.#endsAt = timeoutMs === undefined ? undefined : performance.now() + timeoutMs;
  }

  async services(): Promise<string[]> {
    for (const service of SERVICES) {
      this.#service = service;
      try {
        return [...(await this.#ask({ listServices: "*" })).services].sort();
      } catch (error) {
        if (!isGrpcError(error) || error.code !== GrpcStatus.Unimplemented) throw error;
      }
    }
    throw new Error("the server has no reflection service: what it serves must come from --idl FILE");
  }

  /** The files that define a service, and all that they import. */
  async registryFor(service: string): Promise<FileRegistry> {
    const files = await this.#load({ fileContainingSymbol: service });
    // A server may send what the file imports along, in any order.
    const root = files.find((file) => defines(file, service));
    if (root === undefined) throw new Error(`the server has sent no file with ${service}`);
    return createFileRegistry(root, (path) => this.#files.get(path));
  }

  /** Loads files, and what they import as far as it has not come with them. */
  async #load(request: ReflectionRequest): Promise<FileDescriptorProto[]> {
    const { files } = await this.#ask(request);
    const loaded = files.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
    for (const file of loaded) this.#files.set(file.name, file);
    for (const path of loaded.flatMap((file) => file.dependency)) {
      if (!this.#files.has(path)) await this.#load({ fileByFilename: path });
    }
    return loaded;
  }

  /** One question, on a stream of its own. */
  async #ask(request: ReflectionRequest): Promise<ReflectionResponse> {
    await using stream = this.#connection.openStream(
      { service: this.#service, method: METHOD },
      { signal: this.#signal, timeoutMs: this.#timeLeft() },
    );
    await stream.sendAll([encodeRequest(request)]);
    let payload: Bytes | undefined;
    for await (const answer of stream.readable) {
      // It may go on for ever.
      if (payload !== undefined) throw new Error("the server's reflection service has answered twice");
      payload = answer;
    }
    if (payload === undefined) throw new Error("the server's reflection service has not answered");
    const response = decodeResponse(payload);
    const { error } = response;
    if (error === undefined) return response;
    throw new Error(`the server's reflection service: ${error.message} (code ${error.code})`);
  }

  #timeLeft(): number | undefined {
    return this.#endsAt === undefined ? undefined : Math.max(1, Math.ceil(this.#endsAt - performance.now()));
  }
}

function defines({ package: name, service }: FileDescriptorProto, wanted: string): boolean {
  return service.some((one) => wanted === (name === "" ? one.name : `${name}.${one.name}`));
}
