import type { ByteBuffer } from "../../base/buffer.ts";
import { show } from "../../base/format.ts";
import { DEFAULT_TABLE_BYTES } from "./dynamic_table.ts";
import { EncoderTable } from "./encoder_table.ts";
import type { HeaderField } from "./field.ts";
import { STATIC_NAMES } from "./static_table.ts";
import { writeInteger, writeString } from "./write.ts";

/** The most bytes of the peer's table that are used: what gRPC repeats fits in a few hundred. */
const MAX_TABLE_BYTES = DEFAULT_TABLE_BYTES;

/** A longer value is hardly ever sent twice, and would evict a good part of the table. */
const MAX_INDEXED_VALUE_BYTES = 1024;

/** The fields whose values do not go into the table: secrets (RFC 7541 7.1.3), and what differs from call to call. */
const NOT_INDEXED: ReadonlyMap<string, "never" | "without"> = new Map([
  ["authorization", "never"],
  ["cookie", "never"],
  ["proxy-authorization", "never"],
  ["set-cookie", "never"],
  ["content-length", "without"],
  ["grpc-message", "without"],
  ["grpc-status-details-bin", "without"],
  ["grpc-timeout", "without"],
  // A trace's context, which Kitex's services read in its metainfo as well: put into the table, it would sweep out all else.
  ["grpc-trace-bin", "without"],
  ["rpc-transit-traceparent", "without"],
  ["traceparent", "without"],
]);

/** Encodes the header blocks of one direction of a connection, in the order of the wire. */
export class HpackEncoder {
  readonly #table = new EncoderTable(DEFAULT_TABLE_BYTES);
  /** The smallest size the table has had since the last block, where the peer must be told of a change. */
  #smallest: number | undefined;

  /**
   * Appends one header block. Where it throws, nothing has been appended, and the blocks after it are sound.
   *
   * @throws {RangeError} When a name or a value has a character over 255; what `fields` throws passes through.
   */
  encode(buffer: ByteBuffer, fields: Iterable<HeaderField>): void {
    const start = buffer.length;
    try {
      this.#writeSizeUpdates(buffer);
      for (const field of fields) this.#writeField(buffer, field);
    } catch (error) {
      // The peer will not see the fields that this block has put into the table: let both tables begin anew.
      buffer.length = start;
      this.#table.clear();
      this.#smallest = 0;
      throw error;
    }
  }

  /**
   * Takes the peer's SETTINGS_HEADER_TABLE_SIZE; the next block tells its decoder what is used of it (RFC 7541 4.2).
   *
   * @param maxTableBytes In bytes. 4096 holds until the first call, and no more than that is used.
   */
  limit(maxTableBytes: number): void {
    const size = Math.min(maxTableBytes, MAX_TABLE_BYTES);
    if (size === this.#table.maxBytes) return;
    this.#smallest = Math.min(size, this.#smallest ?? size);
    this.#table.resize(size);
  }

  #writeSizeUpdates(buffer: ByteBuffer): void {
    const smallest = this.#smallest;
    if (smallest === undefined) return;
    const size = this.#table.maxBytes;
    if (smallest < size) writeInteger(buffer, 0x20, 0x1f, smallest);
    writeInteger(buffer, 0x20, 0x1f, size);
    this.#smallest = undefined;
  }

  #writeField(buffer: ByteBuffer, [name, value]: HeaderField): void {
    const known = STATIC_NAMES.get(name);
    const found = known?.values.get(value) ?? this.#table.find(name, value);
    if (found > 0) return writeInteger(buffer, 0x80, 0x7f, found);
    const nameIndex = known?.index ?? -found;
    const reason = NOT_INDEXED.get(name);
    const indexed = this.#table.fits(name, value) && value.length <= MAX_INDEXED_VALUE_BYTES &&
      // One field that changes each time goes in, so that those after it have an index for their name.
      (reason === undefined || (reason === "without" && nameIndex === 0));
    if (indexed) writeInteger(buffer, 0x40, 0x3f, nameIndex);
    else writeInteger(buffer, reason === "never" ? 0x10 : 0, 0x0f, nameIndex);
    if (nameIndex === 0 && !writeString(buffer, name)) throw notBytes(name, "its name", name);
    if (!writeString(buffer, value)) throw notBytes(name, "its value", value);
    if (indexed) this.#table.add(name, value);
  }
}

/** The value itself may be a secret: the error has its bad character alone. */
function notBytes(name: string, where: string, text: string): RangeError {
  const at = text.search(/[\u0100-\uffff]/);
  const code = text.charCodeAt(at).toString(16).toUpperCase().padStart(4, "0");
  return new RangeError(
    `The header field ${
      show(name)
    } cannot be sent: ${where} has U+${code} at ${at}, and a byte ends at U+00FF`,
  );
}
