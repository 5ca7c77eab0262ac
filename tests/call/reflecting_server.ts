import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import {
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  file_google_protobuf_timestamp,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  TimestampSchema,
} from "@bufbuild/protobuf/wkt";
import { type Codec, defineService, implement, route, serve, type Server } from "../../mod.ts";
import { grpc } from "../../src/grpc/mod.ts";
import { protobufCodec } from "../../src/protobuf/mod.ts";

const raw: Codec<Uint8Array> = {
  encode: (message) => message,
  decode: (payload) => payload.slice(),
};

/** The names that a server may choose as it likes. */
interface Names {
  readonly services: readonly string[];
  readonly field: string;
}

const PLAIN: Names = { services: ["grpc.reflection.v1.ServerReflection", "demo.Clock"], field: "howMany" };
/** Names that would clear the terminal, and begin another line. */
const DISGUISED: Names = { services: ["demo.Clock", "demo.Ev\x1b[2Jil"], field: "how\x1b[2J\nMany" };

/** `service demo.Clock { rpc Tick(TickRequest) returns (stream google.protobuf.Timestamp); rpc Now(…) … }` */
function clockFileOf(field: string): FileDescriptorProto {
  return create(FileDescriptorProtoSchema, {
    name: "demo/clock.proto",
    package: "demo",
    syntax: "proto3",
    dependency: ["google/protobuf/timestamp.proto"],
    messageType: [{
      name: "TickRequest",
      field: [{
        name: "how_many",
        jsonName: field,
        number: 1,
        type: FieldDescriptorProto_Type.INT32,
        label: FieldDescriptorProto_Label.OPTIONAL,
      }],
    }],
    service: [{
      name: "Clock",
      method: [
        {
          name: "Tick",
          inputType: ".demo.TickRequest",
          outputType: ".google.protobuf.Timestamp",
          serverStreaming: true,
        },
        { name: "Now", inputType: ".demo.TickRequest", outputType: ".google.protobuf.Timestamp" },
      ],
    }],
  });
}

/**
 * A gRPC server of `demo.Clock` that tells of itself.
 *
 * @param version The reflection service that it has; `undefined` for none.
 */
export function serveReflecting(version: "v1" | "v1alpha" | undefined): Server<Deno.NetAddr> {
  const timestamp = protobufCodec(TimestampSchema);
  const Clock = defineService("demo.Clock", {
    tick: { kind: "server", name: "Tick", request: raw, response: timestamp },
    now: { kind: "unary", name: "Now", request: raw, response: timestamp },
  });
  const clock = implement(Clock, {
    async *tick(request) {
      const reader = new BinaryReader(request);
      const many = request.length === 0 ? 0 : (reader.tag(), reader.int32());
      for (let i = 1; i <= many; i++) yield create(TimestampSchema, { seconds: BigInt(i) });
    },
    now: () => create(TimestampSchema, { seconds: 7n }),
  });
  const reflection = reflectionOf(version ?? "none", PLAIN);
  return serve({ hostname: "127.0.0.1", port: 0, protocols: [grpc()] }, route(clock, reflection));
}

/** A gRPC server that tells of a service whose names would write to the terminal. */
export function serveDisguised(): Server<Deno.NetAddr> {
  const options = { hostname: "127.0.0.1", port: 0, protocols: [grpc()] };
  return serve(options, route(reflectionOf("v1", DISGUISED)));
}

function reflectionOf(version: string, names: Names) {
  const Reflection = defineService(`grpc.reflection.${version}.ServerReflection`, {
    info: { kind: "bidirectional", name: "ServerReflectionInfo", request: raw, response: raw },
  });
  return implement(Reflection, {
    async *info(stream) {
      for await (const request of stream.readable) yield answer(request, names);
    },
  });
}

/** A `ServerReflectionResponse` with the names of services. */
export function servicesResponse(names: readonly string[]): Uint8Array {
  const writer = new BinaryWriter().tag(6, WireType.LengthDelimited).fork();
  for (const name of names) {
    writer.tag(1, WireType.LengthDelimited).fork().tag(1, WireType.LengthDelimited).string(name).join();
  }
  return writer.join().finish();
}

/** A `ServerReflectionResponse`. */
function answer(request: Uint8Array, names: Names): Uint8Array {
  const reader = new BinaryReader(request);
  const [field] = reader.tag();
  const text = reader.string();
  if (field === 7) return servicesResponse(names.services);
  const writer = new BinaryWriter();
  // Each file alone: what it imports has to be asked for.
  const timestamp = file_google_protobuf_timestamp.proto;
  const isClock = field === 4 ? text === "demo.Clock" : text === "demo/clock.proto";
  const file = isClock ? clockFileOf(names.field) : text === timestamp.name ? timestamp : undefined;
  if (file === undefined) {
    writer.tag(7, WireType.LengthDelimited).fork().tag(1, WireType.Varint).int32(5);
    return writer.tag(2, WireType.LengthDelimited).string(`no ${text}`).join().finish();
  }
  writer.tag(4, WireType.LengthDelimited).fork().tag(1, WireType.LengthDelimited);
  return writer.bytes(toBinary(FileDescriptorProtoSchema, file)).join().finish();
}
