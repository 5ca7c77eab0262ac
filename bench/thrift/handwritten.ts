/**
 * The two messages as one would write their codecs by hand, for speed alone: no value is checked on encode, no
 * wrong type, missing field or depth on decode, unknown fields are an error, and errors say nothing.
 */
import type { ByteBuffer, Bytes } from "../../src/base/buffer.ts";
import { readUtf8 } from "../../src/thrift/text.ts";
import type { Address, Chat, Item, Order } from "./messages.ts";

function writeHeader(buffer: ByteBuffer, type: number, id: number): void {
  const at = buffer.reserve(3);
  const bytes = buffer.bytes;
  bytes[at] = type;
  bytes[at + 1] = 0;
  bytes[at + 2] = id;
  buffer.length = at + 3;
}

function writeString(buffer: ByteBuffer, text: string): void {
  const size = text.length;
  const at = buffer.reserve(4 + size * 3);
  const bytes = buffer.bytes;
  if (size <= 32) {
    let i = 0;
    for (; i < size; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) break;
      bytes[at + 4 + i] = unit;
    }
    if (i === size) {
      bytes[at] = 0;
      bytes[at + 1] = 0;
      bytes[at + 2] = 0;
      bytes[at + 3] = size;
      buffer.length = at + 4 + size;
      return;
    }
  }
  buffer.length = at + 4;
  buffer.setInt32(at, buffer.writeUtf8(text));
}

export function encodeChat(message: Chat, buffer: ByteBuffer): void {
  writeHeader(buffer, 11, 1);
  writeString(buffer, message.message);
  const blob = message.blob;
  const size = blob.length;
  const at = buffer.reserve(size + 19);
  const bytes = buffer.bytes;
  bytes[at] = 10;
  bytes[at + 1] = 0;
  bytes[at + 2] = 2;
  buffer.view.setBigInt64(at + 3, message.n);
  bytes[at + 11] = 11;
  bytes[at + 12] = 0;
  bytes[at + 13] = 3;
  buffer.setInt32(at + 14, size);
  bytes.set(blob, at + 18);
  bytes[at + 18 + size] = 0;
  buffer.length = at + 19 + size;
}

export function encodeOrder(message: Order, buffer: ByteBuffer): void {
  const at = buffer.reserve(11);
  buffer.bytes[at] = 10;
  buffer.bytes[at + 1] = 0;
  buffer.bytes[at + 2] = 1;
  buffer.view.setBigInt64(at + 3, message.id);
  buffer.length = at + 11;
  writeHeader(buffer, 11, 2);
  writeString(buffer, message.customer);
  writeHeader(buffer, 15, 3);
  buffer.writeUint8(12);
  buffer.writeInt32(message.items.length);
  for (const item of message.items) encodeItem(item, buffer);
  writeHeader(buffer, 13, 4);
  buffer.writeUint8(11);
  buffer.writeUint8(11);
  buffer.writeInt32(message.tags.size);
  for (const [key, value] of message.tags) {
    writeString(buffer, key);
    writeString(buffer, value);
  }
  if (message.address !== undefined) {
    writeHeader(buffer, 12, 5);
    encodeAddress(message.address, buffer);
  }
  buffer.writeUint8(0);
}

function encodeItem(item: Item, buffer: ByteBuffer): void {
  writeHeader(buffer, 11, 1);
  writeString(buffer, item.sku);
  const at = buffer.reserve(19);
  const bytes = buffer.bytes;
  bytes[at] = 8;
  bytes[at + 1] = 0;
  bytes[at + 2] = 2;
  buffer.setInt32(at + 3, item.quantity);
  bytes[at + 7] = 4;
  bytes[at + 8] = 0;
  bytes[at + 9] = 3;
  buffer.view.setFloat64(at + 10, item.price);
  bytes[at + 18] = 0;
  buffer.length = at + 19;
}

function encodeAddress(address: Address, buffer: ByteBuffer): void {
  writeHeader(buffer, 11, 1);
  writeString(buffer, address.street);
  writeHeader(buffer, 11, 2);
  writeString(buffer, address.city);
  const at = buffer.reserve(8);
  const bytes = buffer.bytes;
  bytes[at] = 8;
  bytes[at + 1] = 0;
  bytes[at + 2] = 3;
  buffer.setInt32(at + 3, address.zip);
  bytes[at + 7] = 0;
  buffer.length = at + 8;
}

// A DataView on each payload costs more than copying eight bytes into this one.
const wide = new DataView(new ArrayBuffer(8));

class Cursor {
  readonly bytes: Bytes;
  at = 0;

  constructor(bytes: Bytes) {
    this.bytes = bytes;
  }

  /** The next field's type and id in one number; 0 at the end. */
  field(): number {
    const { bytes, at } = this;
    const type = bytes[at] ?? 0;
    if (type === 0) {
      this.at = at + 1;
      return 0;
    }
    this.at = at + 3;
    return type << 16 | (bytes[at + 1] ?? 0) << 8 | (bytes[at + 2] ?? 0);
  }

  i32(): number {
    const { bytes, at } = this;
    this.at = at + 4;
    return (bytes[at] ?? 0) << 24 | (bytes[at + 1] ?? 0) << 16 | (bytes[at + 2] ?? 0) << 8 |
      (bytes[at + 3] ?? 0);
  }

  size(): number {
    const size = this.i32();
    if (size < 0 || size > this.bytes.length - this.at) throw new Error("bad size");
    return size;
  }

  i64(): bigint {
    wide.setInt32(0, this.i32());
    wide.setInt32(4, this.i32());
    return wide.getBigInt64(0);
  }

  double(): number {
    wide.setInt32(0, this.i32());
    wide.setInt32(4, this.i32());
    return wide.getFloat64(0);
  }

  string(): string {
    const size = this.size();
    const at = this.at;
    this.at = at + size;
    return readUtf8(this.bytes, at, at + size) ?? fail();
  }

  binary(): Bytes {
    const size = this.size();
    const at = this.at;
    this.at = at + size;
    return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset + at, size);
  }
}

function fail(): never {
  throw new Error("bad payload");
}

export function decodeChat(payload: Bytes): Chat {
  const cursor = new Cursor(payload);
  let message = "";
  let n = 0n;
  let blob: Bytes | undefined;
  for (let field = cursor.field(); field !== 0; field = cursor.field()) {
    switch (field) {
      case 0x0b0001:
        message = cursor.string();
        break;
      case 0x0a0002:
        n = cursor.i64();
        break;
      case 0x0b0003:
        blob = cursor.binary();
        break;
      default:
        fail();
    }
  }
  return { message, n, blob: blob ?? new Uint8Array() };
}

export function decodeOrder(payload: Bytes): Order {
  const cursor = new Cursor(payload);
  let id = 0n;
  let customer = "";
  let items: Item[] | undefined;
  let tags: Map<string, string> | undefined;
  let address: Address | undefined;
  for (let field = cursor.field(); field !== 0; field = cursor.field()) {
    switch (field) {
      case 0x0a0001:
        id = cursor.i64();
        break;
      case 0x0b0002:
        customer = cursor.string();
        break;
      case 0x0f0003: {
        cursor.at++;
        const size = cursor.size();
        items = [];
        for (let i = 0; i < size; i++) items.push(decodeItem(cursor));
        break;
      }
      case 0x0d0004: {
        cursor.at += 2;
        const size = cursor.size();
        tags = new Map();
        for (let i = 0; i < size; i++) {
          const key = cursor.string();
          tags.set(key, cursor.string());
        }
        break;
      }
      case 0x0c0005:
        address = decodeAddress(cursor);
        break;
      default:
        fail();
    }
  }
  const order: Order = { id, customer, items: items ?? [], tags: tags ?? new Map() };
  if (address !== undefined) order.address = address;
  return order;
}

function decodeItem(cursor: Cursor): Item {
  let sku = "";
  let quantity = 0;
  let price = 0;
  for (let field = cursor.field(); field !== 0; field = cursor.field()) {
    switch (field) {
      case 0x0b0001:
        sku = cursor.string();
        break;
      case 0x080002:
        quantity = cursor.i32();
        break;
      case 0x040003:
        price = cursor.double();
        break;
      default:
        fail();
    }
  }
  return { sku, quantity, price };
}

function decodeAddress(cursor: Cursor): Address {
  let street = "";
  let city = "";
  let zip = 0;
  for (let field = cursor.field(); field !== 0; field = cursor.field()) {
    switch (field) {
      case 0x0b0001:
        street = cursor.string();
        break;
      case 0x0b0002:
        city = cursor.string();
        break;
      case 0x080003:
        zip = cursor.i32();
        break;
      default:
        fail();
    }
  }
  return { street, city, zip };
}
