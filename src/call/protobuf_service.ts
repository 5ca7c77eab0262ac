import {
  type DescField,
  type DescMessage,
  type DescMethod,
  type DescService,
  type FileRegistry,
  fromBinary,
  fromJsonString,
  ScalarType,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { reasonText } from "../base/reason.ts";
import type { Codec } from "../core/codec.ts";
import type { MethodKind } from "../core/service.ts";
import { escapeHidden } from "../idl/hidden.ts";
import type { CallableMethod, CallableService } from "./catalog.ts";

const KINDS: Readonly<Record<DescMethod["methodKind"], MethodKind>> = {
  unary: "unary",
  client_streaming: "client",
  server_streaming: "server",
  bidi_streaming: "bidirectional",
};

/** A service of protobuf's, its messages in protobuf's JSON. */
export function protobufService({ typeName, methods }: DescService, registry: FileRegistry): CallableService {
  return { name: typeName, methods: methods.map((method) => callable(method, registry)) };
}

function callable(method: DescMethod, registry: FileRegistry): CallableMethod {
  const { name, input, output, methodKind } = method;
  return {
    name,
    method: {
      kind: KINDS[methodKind],
      request: jsonCodec(input, registry),
      response: jsonCodec(output, registry),
    },
    signature: signatureOf(method),
    wants: [`${input.typeName} {`, ...input.fields.map((field) => `  ${escapeHidden(fieldLine(field))}`), "}"]
      .join("\n"),
    takesNothing: false,
    hasResponse: true,
  };
}

/** Messages of a type as protobuf's JSON. */
function jsonCodec(schema: DescMessage, registry: FileRegistry): Codec<unknown> {
  return {
    encoding: "proto",
    encode(json) {
      try {
        return toBinary(schema, fromJsonString(schema, JSON.stringify(json), { registry }));
      } catch (error) {
        throw new TypeError(reasonText(error), { cause: error });
      }
    },
    decode: (payload) => toJson(schema, fromBinary(schema, payload), { registry }),
  };
}

function signatureOf({ name, input, output, methodKind }: DescMethod): string {
  const requests = methodKind === "client_streaming" || methodKind === "bidi_streaming" ? "stream " : "";
  const responses = methodKind === "server_streaming" || methodKind === "bidi_streaming" ? "stream " : "";
  return `rpc ${name}(${requests}${input.typeName}) returns (${responses}${output.typeName})`;
}

/** A field as a `.proto` has it, under the name that it has in JSON. */
function fieldLine(field: DescField): string {
  switch (field.fieldKind) {
    case "list":
      return `repeated ${valueType(field)} ${field.jsonName}`;
    case "map":
      return `map<${ScalarType[field.mapKey].toLowerCase()}, ${valueType(field)}> ${field.jsonName}`;
    default:
      return `${valueType(field)} ${field.jsonName}`;
  }
}

function valueType({ scalar, message, enum: members }: DescField): string {
  if (message !== undefined) return message.typeName;
  if (members !== undefined) {
    return `${members.typeName} (${members.values.map(({ name }) => name).join(", ")})`;
  }
  return scalar === undefined ? "" : ScalarType[scalar].toLowerCase();
}
