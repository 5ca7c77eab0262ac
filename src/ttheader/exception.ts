import type { ByteBuffer, Bytes } from "../base/buffer.ts";
import type { Refusal } from "../core/transport.ts";

/** Thrift's application exception types that the library sends. */
export const ExceptionType = { UnknownMethod: 1, InternalError: 6, UnknownService: 20 } as const;

/** The type of the exception that says why no handler was called. */
export function typeOfRefusal(why: Refusal): number {
  switch (why) {
    case "unknown method":
      return ExceptionType.UnknownMethod;
    case "unknown service":
      return ExceptionType.UnknownService;
    default:
      return ExceptionType.InternalError;
  }
}

/** What the payload of a Rst or of a failed Trailer says. */
export interface Exception {
  readonly type: number;
  readonly message: string;
  /**
   * Set where the shutdown of a server has cut a handler: a stream that was refused for it reads the same, and may be
   * tried again. A field of ours, which others skip.
   */
  readonly begun?: true;
}

/** `80 01` marks a strict thrift Binary message, `00 03` makes it an exception. */
const VERSION = 0x8001;
const EXCEPTION_MESSAGE = 3;
const MESSAGE_KINDS = ["", "Call", "Reply", "Exception", "Oneway"];

const Wire = { Stop: 0, Bool: 2, I32: 8, String: 11 } as const;
const MESSAGE_FIELD = 1;
const TYPE_FIELD = 2;
/** Far from whatever Thrift may add. */
const BEGUN_FIELD = 0x7474;

/** Sizes of the thrift types that have a fixed one: bool, byte, double, i16, i32, i64. */
const FIXED_SIZES: Readonly<Record<number, number>> = { 2: 1, 3: 1, 4: 8, 6: 2, 8: 4, 10: 8 };
const Container = { Struct: 12, Map: 13, Set: 14, List: 15 } as const;
/** Thrift has no limit of its own; an exception needs none of this depth. */
const MAX_DEPTH = 64;

/** Nobody reads more, and a frame over the peer's limit would cost it the connection with all other streams on it. */
const MAX_MESSAGE_UNITS = 64 * 1024;

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Writes an exception as Kitex does: a thrift Binary message whose sequence id is the stream's. A message of more
 * than 65,536 UTF-16 units is cut there.
 */
export function writeException(
  buffer: ByteBuffer,
  method: string,
  streamId: number,
  { type, message, begun }: Exception,
): void {
  buffer.writeInt16(VERSION);
  buffer.writeInt16(EXCEPTION_MESSAGE);
  writeString(buffer, method);
  buffer.writeInt32(streamId);
  buffer.writeUint8(Wire.String);
  buffer.writeInt16(MESSAGE_FIELD);
  writeString(
    buffer,
    message.length > MAX_MESSAGE_UNITS ? `${message.slice(0, MAX_MESSAGE_UNITS)}…` : message,
  );
  buffer.writeUint8(Wire.I32);
  buffer.writeInt16(TYPE_FIELD);
  buffer.writeInt32(type);
  if (begun) {
    buffer.writeUint8(Wire.Bool);
    buffer.writeInt16(BEGUN_FIELD);
    buffer.writeUint8(1);
  }
  buffer.writeUint8(Wire.Stop);
}

function writeString(buffer: ByteBuffer, text: string): void {
  const at = buffer.reserve(4);
  buffer.length = at + 4;
  const size = buffer.writeUtf8(text);
  buffer.setInt32(at, size);
}

/**
 * Reads an exception, its fields in any order and unknown ones skipped.
 *
 * @throws {RangeError} If the payload is none; the message says why, Kitex's words where Kitex has some.
 */
export function readException(payload: Bytes): Exception {
  const reader = new Reader(payload);
  if (payload.length < 4 || reader.uint16() !== VERSION) {
    throw new RangeError("ReadMessageBegin: bad version");
  }
  const kind = reader.uint16() & 0xff;
  if (kind !== EXCEPTION_MESSAGE) {
    throw new RangeError(
      `thrift message type want Exception, but got ${MESSAGE_KINDS[kind] ?? `Unknown(${kind})`}`,
    );
  }
  reader.skip(reader.size()); // the method's name
  reader.skip(4); // the sequence id
  let message = "";
  let type = 0;
  let begun = false;
  for (let wire = reader.uint8(); wire !== Wire.Stop; wire = reader.uint8()) {
    const id = reader.uint16();
    if (id === MESSAGE_FIELD && wire === Wire.String) message = reader.string();
    else if (id === TYPE_FIELD && wire === Wire.I32) type = reader.int32();
    else if (id === BEGUN_FIELD && wire === Wire.Bool) begun = reader.uint8() !== 0;
    else reader.skipValue(wire, 0);
  }
  return begun ? { type, message, begun } : { type, message };
}

/** What Kitex shows for an exception without a text, by its type (gopkg `protocol/thrift/exception.go`). */
const DEFAULT_TEXTS = [
  "unknown application exception",
  "unknown method",
  "invalid message type",
  "wrong method name",
  "bad sequence ID",
  "missing result",
  "unknown internal error",
  "unknown protocol error",
  "Invalid transform",
  "Invalid protocol",
  "Unsupported client type",
];

/** What an exception says; one without a text has its type's. */
export function exceptionText({ type, message }: Exception): string {
  return message || (DEFAULT_TEXTS[type] ?? `unknown exception type [${type}]`);
}

/** A cursor that never reads beyond the payload. */
class Reader {
  readonly #bytes: Bytes;
  readonly #view: DataView<ArrayBuffer>;
  #at = 0;

  constructor(bytes: Bytes) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Moves on by `size` bytes and returns where they began. */
  skip(size: number): number {
    const at = this.#at;
    const left = this.#bytes.length - at;
    if (size < 0 || size > left) {
      throw new RangeError(`exception needs ${size} bytes at offset ${at}, ${left} are left`);
    }
    this.#at = at + size;
    return at;
  }

  uint8(): number {
    return this.#view.getUint8(this.skip(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.skip(2));
  }

  int32(): number {
    return this.#view.getInt32(this.skip(4));
  }

  /** A length or a count: an i32 that must not be more than what is left. */
  size(): number {
    const size = this.int32();
    const left = this.#bytes.length - this.#at;
    if (size < 0 || size > left) {
      throw new RangeError(`exception has a size of ${size}, ${left} bytes are left`);
    }
    return size;
  }

  string(): string {
    const size = this.size();
    const at = this.skip(size);
    return utf8.decode(this.#bytes.subarray(at, at + size));
  }

  skipValue(wire: number, depth: number): void {
    const fixed = FIXED_SIZES[wire];
    if (fixed !== undefined) {
      this.skip(fixed);
      return;
    }
    if (depth === MAX_DEPTH) throw new RangeError(`exception is nested deeper than ${MAX_DEPTH}`);
    switch (wire) {
      case Wire.String:
        this.skip(this.size());
        return;
      case Container.Struct:
        for (let field = this.uint8(); field !== Wire.Stop; field = this.uint8()) {
          this.skip(2);
          this.skipValue(field, depth + 1);
        }
        return;
      case Container.List:
      case Container.Set: {
        const element = this.uint8();
        for (let left = this.size(); left > 0; left--) this.skipValue(element, depth + 1);
        return;
      }
      case Container.Map: {
        const key = this.uint8();
        const value = this.uint8();
        for (let left = this.size(); left > 0; left--) {
          this.skipValue(key, depth + 1);
          this.skipValue(value, depth + 1);
        }
        return;
      }
      default:
        throw new RangeError(`exception has a field of the unknown type ${wire}`);
    }
  }
}
