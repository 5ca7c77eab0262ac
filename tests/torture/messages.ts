import { type ByteBuffer, type Codec, defineService, type Service } from "../../mod.ts";

/** A message that tells whether it arrived whole and in its turn. */
export interface Message {
  readonly seq: number;
  /** How many bytes are behind it. */
  readonly size: number;
  /** Where the codec is to throw. */
  readonly fault?: "encode" | "decode" | undefined;
}

/** What the codec throws. */
export const CODEC_FAULT = "the codec does not like it";

const HEAD_BYTES = 9;

function decode(payload: Uint8Array): Message {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const seq = view.getInt32(1);
  const size = view.getInt32(5);
  if (
    payload.length !== HEAD_BYTES + size || payload.subarray(HEAD_BYTES).some((byte) => byte !== seq % 256)
  ) {
    throw new Error(`message ${seq} of ${size} bytes came damaged, as ${payload.length} bytes`);
  }
  if (payload[0] === 1) throw new Error(CODEC_FAULT);
  return { seq, size };
}

function encodeInto({ seq, size, fault }: Message, buffer: ByteBuffer): void {
  buffer.writeUint8(fault === "decode" ? 1 : 0);
  buffer.writeInt32(seq);
  buffer.writeInt32(size);
  // After the first bytes: what has been written of a message that fails must not stay.
  if (fault === "encode") throw new Error(CODEC_FAULT);
  buffer.writeBytes(new Uint8Array(size).fill(seq % 256));
}

function encode({ seq, size, fault }: Message): Uint8Array {
  if (fault === "encode") throw new Error(CODEC_FAULT);
  const payload = new Uint8Array(HEAD_BYTES + size).fill(seq % 256);
  const view = new DataView(payload.buffer);
  view.setUint8(0, fault === "decode" ? 1 : 0);
  view.setInt32(1, seq);
  view.setInt32(5, size);
  return payload;
}

const plain: Codec<Message> = { encode, decode };
const fast: Codec<Message> = { encode, decode, encodeInto };

type Methods = {
  readonly chat: { kind: "bidirectional"; request: Codec<Message>; response: Codec<Message> };
  readonly fastChat: { kind: "bidirectional"; request: Codec<Message>; response: Codec<Message> };
  readonly list: { kind: "server"; request: Codec<Message>; response: Codec<Message> };
  readonly join: { kind: "client"; request: Codec<Message>; response: Codec<Message> };
};

/** A service with every kind of method. */
export const Torture: Service<Methods> = defineService("Torture", {
  chat: { kind: "bidirectional", request: plain, response: plain },
  fastChat: { kind: "bidirectional", request: fast, response: fast },
  list: { kind: "server", request: plain, response: fast },
  join: { kind: "client", request: fast, response: plain },
});
