import type { Message } from "./messages.ts";

/** The IDL's Message as bytes, by hand: what a program does that uses no codec. */

const utf8 = new TextEncoder();
const text = new TextDecoder();
const [STRING, I64, STOP] = [11, 10, 0];

export function encodeMessage({ text, number, blob }: Message): Uint8Array<ArrayBuffer> {
  const chars = utf8.encode(text);
  const bytes = new Uint8Array(3 + 4 + chars.length + 3 + 8 + 3 + 4 + blob.length + 1);
  const view = new DataView(bytes.buffer);
  let at = 0;
  const begin = (type: number, id: number) => {
    view.setUint8(at, type);
    view.setUint16(at + 1, id);
    at += 3;
  };
  const binary = (value: Uint8Array) => {
    view.setUint32(at, value.length);
    bytes.set(value, at + 4);
    at += 4 + value.length;
  };
  begin(STRING, 1);
  binary(chars);
  begin(I64, 2);
  view.setBigInt64(at, number);
  at += 8;
  begin(STRING, 3);
  binary(blob);
  view.setUint8(at, STOP);
  return bytes;
}

/** Reads the fields in any order; one that it does not know is an error. */
export function decodeMessage(bytes: Uint8Array<ArrayBuffer>): Message {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const message: Message = { text: "", number: 0n, blob: new Uint8Array() };
  let at = 0;
  for (let type = view.getUint8(at); type !== STOP; type = view.getUint8(at)) {
    const id = view.getUint16(at + 1);
    at += 3;
    if (type === I64 && id === 2) {
      message.number = view.getBigInt64(at);
      at += 8;
    } else if (type === STRING && (id === 1 || id === 3)) {
      const value = bytes.slice(at + 4, at + 4 + view.getUint32(at));
      at += 4 + value.length;
      if (id === 1) message.text = text.decode(value);
      else message.blob = value;
    } else throw new Error(`field ${id} of type ${type} is none of Message`);
  }
  if (at !== bytes.length - 1) throw new Error(`${bytes.length - 1 - at} bytes follow the message`);
  return message;
}
