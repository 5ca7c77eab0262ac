import type { Bytes } from "../../base/buffer.ts";
import { BlockReader } from "./block_reader.ts";
import { DEFAULT_TABLE_BYTES, DynamicTable } from "./dynamic_table.ts";
import { FIELD_OVERHEAD, fieldBytes, type HeaderField } from "./field.ts";
import { HpackError } from "./hpack_error.ts";
import { STATIC_TABLE } from "./static_table.ts";

/** A peer that lowers the size and raises it again between two blocks says both, no more (RFC 7541 4.2). */
const MAX_SIZE_UPDATES = 2;

/** What an {@linkcode HpackDecoder} holds a peer to. */
export interface HpackDecoderOptions {
  /** The SETTINGS_HEADER_TABLE_SIZE that was announced, in bytes. The table has 4096 until the peer changes it. */
  readonly maxTableBytes: number;
  /** The SETTINGS_MAX_HEADER_LIST_SIZE that was announced, in bytes. */
  readonly maxHeaderListBytes: number;
}

/** What one header block says. */
export interface DecodedBlock {
  /** The fields in the block's order; where it is too large, those before the first that went beyond the limit. */
  readonly fields: HeaderField[];
  /** Whether the fields together are larger than `maxHeaderListBytes`. */
  readonly tooLarge: boolean;
}

/** Decodes the header blocks of one direction of a connection, in the order of the wire (RFC 7541 3). */
export class HpackDecoder {
  readonly #maxTableBytes: number;
  readonly #maxHeaderListBytes: number;
  readonly #table = new DynamicTable(DEFAULT_TABLE_BYTES);

  /** What the block that is being decoded may still add to its list, in bytes; negative once it is too large. */
  #left = 0;

  /** @param options The limits that were announced to the peer. */
  constructor(options: HpackDecoderOptions) {
    this.#maxTableBytes = options.maxTableBytes;
    this.#maxHeaderListBytes = options.maxHeaderListBytes;
  }

  /**
   * Decodes one whole header block: the payloads of its HEADERS and CONTINUATION frames, one after the other. A
   * block that is too large is decoded to its end all the same, since the blocks after it may refer to its fields.
   *
   * @throws {HpackError} When the block is broken. The decoder is of no use after that.
   */
  decode(block: Bytes): DecodedBlock {
    const fields: HeaderField[] = [];
    this.#left = this.#maxHeaderListBytes;
    const reader = new BlockReader(block);
    let first = this.#sizeUpdates(reader);
    for (; first >= 0; first = reader.next()) {
      if (first >= 0x80) this.#keep(fields, this.#indexed(reader.integer(first, 0x7f)));
      else if (first >= 0x40) this.#literal(fields, reader, reader.integer(first, 0x3f), true);
      else if (first >= 0x20) throw new HpackError("A dynamic table size update comes after a header field");
      // Without indexing and never indexed are the same to whoever does not send the field on.
      else this.#literal(fields, reader, reader.integer(first, 0x0f), false);
    }
    return { fields, tooLarge: this.#left < 0 };
  }

  /** Reads the size updates that a block begins with, and returns the byte after them. */
  #sizeUpdates(reader: BlockReader): number {
    let first = reader.next();
    for (let count = 1; first >= 0x20 && first < 0x40; count++) {
      if (count > MAX_SIZE_UPDATES) {
        throw new HpackError(
          `A header block begins with more than ${MAX_SIZE_UPDATES} dynamic table size updates`,
        );
      }
      const size = reader.integer(first, 0x1f);
      if (size > this.#maxTableBytes) {
        throw new HpackError(
          `A dynamic table size update to ${size} bytes is over the limit of ${this.#maxTableBytes}`,
        );
      }
      this.#table.resize(size);
      first = reader.next();
    }
    return first;
  }

  #indexed(index: number): HeaderField {
    if (index === 0) throw new HpackError("A header field has index 0");
    const field = index <= STATIC_TABLE.length
      ? STATIC_TABLE[index - 1]
      : this.#table.at(index - STATIC_TABLE.length - 1);
    if (field === undefined) {
      const last = STATIC_TABLE.length + this.#table.length;
      throw new HpackError(`A header field has index ${index}, and the tables end at ${last}`);
    }
    return field;
  }

  #keep(fields: HeaderField[], field: HeaderField): void {
    if (this.#left < 0) return;
    this.#left -= fieldBytes(field[0], field[1]);
    if (this.#left >= 0) fields.push(field);
  }

  /** A string is made only where the field is kept or goes into the table; its length counts in any case. */
  #literal(fields: HeaderField[], reader: BlockReader, nameIndex: number, indexing: boolean): void {
    const maxTableBytes = this.#table.maxBytes;
    const maxString = (indexing ? Math.max(this.#left, maxTableBytes) : this.#left) - FIELD_OVERHEAD;
    const name = nameIndex === 0 ? reader.string(maxString) : this.#indexed(nameIndex)[0];
    const nameBytes = name === undefined ? reader.stringBytes : name.length;
    const value = reader.string(maxString - nameBytes);
    if (name === undefined || value === undefined) {
      // Larger than the table, so it empties it (RFC 7541 4.4), and larger than what is left of the list.
      if (indexing) this.#table.clear();
      this.#left = -1;
      return;
    }
    const field: HeaderField = [name, value];
    if (indexing) this.#table.add(field);
    this.#keep(fields, field);
  }
}
