/**
 * The two messages in npm's `thrift`: what its compiler generates for them, in its own types (an i64 is an Int64,
 * a binary a Buffer, a map an object).
 */
import { Buffer } from "node:buffer";
// @ts-types="npm:@types/thrift@^0.10"
import thrift from "npm:thrift@^0.22";
import { type Address, type Chat, chat, type Item, type Order, order } from "./messages.ts";

const { Int64, TBinaryProtocol, TBufferedTransport, TFramedTransport, Thrift } = thrift;
type Protocol = InstanceType<typeof TBinaryProtocol>;

/** The type of `T`, as npm's `thrift` has it. */
type Theirs<T> = {
  [K in keyof T]: T[K] extends bigint ? InstanceType<typeof Int64>
    : T[K] extends Uint8Array ? Buffer
    : T[K] extends Map<string, string> ? Record<string, string>
    : T[K];
};

export const npmChat: Theirs<Chat> = {
  message: chat.message,
  n: new Int64(chat.n.toString(16)),
  blob: Buffer.from(chat.blob),
};

export const npmOrder: Theirs<Order> = {
  ...order,
  id: new Int64(order.id.toString(16)),
  tags: Object.fromEntries(order.tags),
};

/** The payload of a message, as it would be given to a socket. */
function encode(write: (output: Protocol) => void): Buffer {
  let payload: Buffer = Buffer.alloc(0);
  const transport = new TBufferedTransport(undefined, (message) => {
    if (message !== undefined) payload = message;
  });
  write(new TBinaryProtocol(transport));
  transport.flush();
  return payload;
}

export function encodeChat(message: Theirs<Chat>): Buffer {
  return encode((output) => {
    output.writeStructBegin("Chat");
    output.writeFieldBegin("message", Thrift.Type.STRING, 1);
    output.writeString(message.message);
    output.writeFieldEnd();
    output.writeFieldBegin("n", Thrift.Type.I64, 2);
    output.writeI64(message.n);
    output.writeFieldEnd();
    output.writeFieldBegin("blob", Thrift.Type.STRING, 3);
    output.writeBinary(message.blob);
    output.writeFieldEnd();
    output.writeFieldStop();
    output.writeStructEnd();
  });
}

export function encodeOrder(message: Theirs<Order>): Buffer {
  return encode((output) => {
    output.writeStructBegin("Order");
    output.writeFieldBegin("id", Thrift.Type.I64, 1);
    output.writeI64(message.id);
    output.writeFieldEnd();
    output.writeFieldBegin("customer", Thrift.Type.STRING, 2);
    output.writeString(message.customer);
    output.writeFieldEnd();
    output.writeFieldBegin("items", Thrift.Type.LIST, 3);
    output.writeListBegin(Thrift.Type.STRUCT, message.items.length);
    for (const item of message.items) writeItem(item, output);
    output.writeListEnd();
    output.writeFieldEnd();
    output.writeFieldBegin("tags", Thrift.Type.MAP, 4);
    output.writeMapBegin(Thrift.Type.STRING, Thrift.Type.STRING, Object.keys(message.tags).length);
    for (const [key, value] of Object.entries(message.tags)) {
      output.writeString(key);
      output.writeString(value);
    }
    output.writeMapEnd();
    output.writeFieldEnd();
    if (message.address !== undefined) {
      output.writeFieldBegin("address", Thrift.Type.STRUCT, 5);
      writeAddress(message.address, output);
      output.writeFieldEnd();
    }
    output.writeFieldStop();
    output.writeStructEnd();
  });
}

function writeItem(item: Item, output: Protocol): void {
  output.writeStructBegin("Item");
  output.writeFieldBegin("sku", Thrift.Type.STRING, 1);
  output.writeString(item.sku);
  output.writeFieldEnd();
  output.writeFieldBegin("quantity", Thrift.Type.I32, 2);
  output.writeI32(item.quantity);
  output.writeFieldEnd();
  output.writeFieldBegin("price", Thrift.Type.DOUBLE, 3);
  output.writeDouble(item.price);
  output.writeFieldEnd();
  output.writeFieldStop();
  output.writeStructEnd();
}

function writeAddress(address: Address, output: Protocol): void {
  output.writeStructBegin("Address");
  output.writeFieldBegin("street", Thrift.Type.STRING, 1);
  output.writeString(address.street);
  output.writeFieldEnd();
  output.writeFieldBegin("city", Thrift.Type.STRING, 2);
  output.writeString(address.city);
  output.writeFieldEnd();
  output.writeFieldBegin("zip", Thrift.Type.I32, 3);
  output.writeI32(address.zip);
  output.writeFieldEnd();
  output.writeFieldStop();
  output.writeStructEnd();
}

/** Reads a struct: `read` takes the field with an id, or says that it is not one of its own. */
function readStruct(input: Protocol, read: (id: number) => boolean): void {
  input.readStructBegin();
  while (true) {
    const { ftype, fid } = input.readFieldBegin();
    if (ftype === Thrift.Type.STOP) break;
    if (!read(fid)) input.skip(ftype);
    input.readFieldEnd();
  }
  input.readStructEnd();
}

export function decodeChat(payload: Buffer): Theirs<Chat> {
  const input = new TBinaryProtocol(new TFramedTransport(payload));
  const message: Partial<Theirs<Chat>> = {};
  readStruct(input, (id) => {
    if (id === 1) message.message = input.readString();
    else if (id === 2) message.n = input.readI64();
    else if (id === 3) message.blob = input.readBinary();
    else return false;
    return true;
  });
  return message as Theirs<Chat>;
}

export function decodeOrder(payload: Buffer): Theirs<Order> {
  const input = new TBinaryProtocol(new TFramedTransport(payload));
  const message: Partial<Theirs<Order>> = {};
  readStruct(input, (id) => {
    if (id === 1) message.id = input.readI64();
    else if (id === 2) message.customer = input.readString();
    else if (id === 3) {
      message.items = [];
      const { size } = input.readListBegin();
      for (let i = 0; i < size; i++) message.items.push(readItem(input));
      input.readListEnd();
    } else if (id === 4) {
      const tags: Record<string, string> = {};
      const { size } = input.readMapBegin();
      for (let i = 0; i < size; i++) {
        const key = input.readString();
        tags[key] = input.readString();
      }
      input.readMapEnd();
      message.tags = tags;
    } else if (id === 5) message.address = readAddress(input);
    else return false;
    return true;
  });
  return message as Theirs<Order>;
}

function readItem(input: Protocol): Item {
  const item: Partial<Item> = {};
  readStruct(input, (id) => {
    if (id === 1) item.sku = input.readString();
    else if (id === 2) item.quantity = input.readI32();
    else if (id === 3) item.price = input.readDouble();
    else return false;
    return true;
  });
  return item as Item;
}

function readAddress(input: Protocol): Address {
  const address: Partial<Address> = {};
  readStruct(input, (id) => {
    if (id === 1) address.street = input.readString();
    else if (id === 2) address.city = input.readString();
    else if (id === 3) address.zip = input.readI32();
    else return false;
    return true;
  });
  return address as Address;
}
