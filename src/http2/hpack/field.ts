/**
 * One line of a header section. Both strings are strings of bytes: each char code, 0 to 255, is one byte of the
 * wire (Latin-1). Upper case, pseudo-header fields and UTF-8 are for those above HPACK to judge.
 */
export type HeaderField = readonly [name: string, value: string];

/** What a field counts beyond the bytes of its name and value (RFC 7541 4.1, RFC 9113 6.5.2). */
export const FIELD_OVERHEAD = 32;

/** The bytes that a field counts in a dynamic table, and against SETTINGS_MAX_HEADER_LIST_SIZE. */
export function fieldBytes(name: string, value: string): number {
  return name.length + value.length + FIELD_OVERHEAD;
}

/** What a header section counts against SETTINGS_MAX_HEADER_LIST_SIZE. */
export function fieldsBytes(fields: readonly HeaderField[]): number {
  return fields.reduce((sum, [name, value]) => sum + fieldBytes(name, value), 0);
}
