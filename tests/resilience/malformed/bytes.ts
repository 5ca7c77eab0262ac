/** Frames with any mistake in them: written here by hand, as the library's own writer makes none. */
import { concat } from "@std/bytes/concat";

const utf8 = new TextEncoder();

/** An unsigned number of 1, 2 or 4 bytes, big-endian. */
export function uint(size: 1 | 2 | 4, value: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => value >>> 8 * (size - 1 - i));
}

/** Joins numbers (a byte each), texts and bytes. */
export function join(...parts: readonly (number | string | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  return concat(parts.map((part) => {
    if (typeof part === "number") return Uint8Array.of(part);
    return new Uint8Array(typeof part === "string" ? utf8.encode(part) : part);
  }));
}

/** A string of an info block, with its size or with one that is not its own. */
export function string16(text: string | Uint8Array, size?: number): Uint8Array {
  const bytes = typeof text === "string" ? utf8.encode(text) : text;
  return join(uint(2, size ?? bytes.length), bytes);
}

/** A string of the thrift Binary protocol, likewise. */
export function string32(text: string | Uint8Array, size?: number): Uint8Array {
  const bytes = typeof text === "string" ? utf8.encode(text) : text;
  return join(uint(4, size ?? bytes.length), bytes);
}

type Text = string | Uint8Array;

/** The block of int pairs, with its count or with one that is not its own. */
export function intBlock(pairs: readonly (readonly [number, Text])[], count = pairs.length): Uint8Array {
  return join(0x10, uint(2, count), ...pairs.flatMap(([key, value]) => [uint(2, key), string16(value)]));
}

/** The block of string pairs, likewise. */
export function stringBlock(pairs: readonly (readonly [Text, Text])[], count = pairs.length): Uint8Array {
  return join(0x01, uint(2, count), ...pairs.flatMap(([key, value]) => [string16(key), string16(value)]));
}

/** The service and the method of a good stream, which Kitex's interop peer serves as well. */
export const SERVICE = "Interop";
export const METHOD = "types";

const TYPE_KEY = 27;
const METHOD_KEY = 9;

/** What a frame says of its type and method. */
export function typed(type: string, method: Text = METHOD): Uint8Array {
  return intBlock([[METHOD_KEY, method], [TYPE_KEY, type]]);
}

const isn = stringBlock([["isn", SERVICE]]);

/** The parts of a frame; what is left out is as it should be. */
export interface FrameParts {
  readonly length?: number;
  readonly magic?: number;
  readonly flags?: number;
  readonly streamId?: number;
  /** In units of four bytes. */
  readonly headerSize?: number;
  readonly protocolId?: number;
  readonly transforms?: Uint8Array;
  /** The info blocks. */
  readonly blocks?: Uint8Array;
  readonly payload?: Uint8Array;
}

export function frame(parts: FrameParts): Uint8Array<ArrayBuffer> {
  const { transforms = uint(1, 0), blocks = typed("3"), payload = new Uint8Array(0) } = parts;
  const unpadded = join(parts.protocolId ?? 0x10, transforms, blocks);
  const header = join(unpadded, new Uint8Array((4 - unpadded.length % 4) % 4));
  const rest = join(
    uint(2, parts.magic ?? 0x1000),
    uint(2, parts.flags ?? 2),
    uint(4, parts.streamId ?? 1),
    uint(2, parts.headerSize ?? header.length / 4),
    header,
    payload,
  );
  return join(uint(4, parts.length ?? rest.length), rest);
}

/** A struct that every reader of the IDL's `Everything` takes: its one required field. */
export const MESSAGE: Uint8Array = join(0x0a, uint(2, 28), uint(4, 0), uint(4, 7), 0x00);

/** Frames as they should be. */
export const good = {
  header: (streamId = 1) => frame({ streamId, blocks: join(isn, typed("2")) }),
  data: (streamId = 1, payload: Uint8Array = MESSAGE) => frame({ streamId, blocks: typed("3"), payload }),
  trailer: (streamId = 1, payload?: Uint8Array) =>
    frame({ streamId, blocks: typed("4"), ...(payload === undefined ? {} : { payload }) }),
  rst: (streamId = 1, payload: Uint8Array = exception(), path = "ServiceA") =>
    frame({ streamId, blocks: join(stringBlock([["ttscp", path]]), typed("5")), payload }),
  meta: (streamId = 0) => frame({ streamId, blocks: typed("1") }),
};

/** A Header frame with other info blocks than it should have. */
export function header(...blocks: readonly (number | string | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  return frame({ blocks: join(...blocks) });
}

/** The same, with the service's name before them. */
export function served(...blocks: readonly (number | string | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  return header(isn, ...blocks);
}

/** A whole stream of one message, after a Header of one's own. */
export function streamed(first: Uint8Array, streamId = 1): Uint8Array<ArrayBuffer> {
  return join(first, good.data(streamId), good.trailer(streamId));
}

/** The parts of an exception. */
export interface ExceptionParts {
  readonly version?: number;
  readonly kind?: number;
  readonly name?: Uint8Array;
  readonly sequence?: number;
  readonly fields?: Uint8Array;
}

export function exception(parts: ExceptionParts = {}): Uint8Array<ArrayBuffer> {
  return join(
    uint(2, parts.version ?? 0x8001),
    uint(2, parts.kind ?? 3),
    parts.name ?? string32(METHOD),
    uint(4, parts.sequence ?? 1),
    parts.fields ?? join(said, typeIs(12007), 0x00),
  );
}

/** A thrift field's first bytes. */
export function fieldHead(wire: number, id: number): Uint8Array {
  return join(wire, uint(2, id));
}

/** The two fields of an exception. */
export const said: Uint8Array = join(fieldHead(0x0b, 1), string32("canceled"));
export function typeIs(code: number): Uint8Array {
  return join(fieldHead(0x08, 2), uint(4, code));
}
