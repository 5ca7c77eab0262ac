import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { Codec } from "../../../mod.ts";
import { protobufCodec } from "../../../src/protobuf/mod.ts";
import { type Order, TEXT } from "../commands.ts";
import type { Flavour } from "./flavour.ts";
import { type Message, MessageSchema } from "./gen/bench_pb.ts";

const codec: Codec<Message> = protobufCodec(MessageSchema);
const message = (init: MessageInitShape<typeof MessageSchema>) => create(MessageSchema, init);

/** The message of bench.proto, which Kitex sends over gRPC, encoded and decoded. */
export const protobuf: Flavour<Message> = {
  codec,
  message: (size) => message({ text: TEXT, number: 1n, blob: new Uint8Array(size) }),
  request: (order) => message({ text: JSON.stringify(order) }),
  order: ({ text }): Order => JSON.parse(text),
  response: (count) => message({ number: BigInt(count) }),
  count: ({ number }) => Number(number),
};
