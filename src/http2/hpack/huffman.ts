import type { ByteBuffer, Bytes } from "../../base/buffer.ts";
import { HpackError } from "./hpack_error.ts";
import { latin1 } from "./latin1.ts";

/**
 * The bits of each symbol's code, 0 to 255 and EOS, one digit of base 36 each (RFC 7541 Appendix B). The code is
 * canonical, so nothing else is needed: by length, then by symbol, each code is the one before it plus one.
 */
const CODE_BITS = "dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6ca" +
  "d67777777777777777777777878djde6f56565666577666567655677777fbeds" +
  "kmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmn" +
  "qqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrq" +
  "u";

const EOS = 256;

/** The bits of each code, by symbol. */
const BITS = Uint8Array.from(CODE_BITS, (digit) => parseInt(digit, 36));

/** Each code, by symbol, in the low bits. */
const CODES = canonicalCodes();

function canonicalCodes(): Uint32Array {
  const codes = new Uint32Array(BITS.length);
  let next = 0;
  for (let bits = 1; bits <= 30; bits++) {
    next *= 2;
    BITS.forEach((length, symbol) => {
      if (length === bits) codes[symbol] = next++;
    });
  }
  return codes;
}

// The decoder's states are the inner nodes of the code's tree. The first eight are the root and what 1 to 7 ones
// lead to: a string may end in these, because its last byte is filled up with ones (RFC 7541 5.2).
const END_STATES = 8;

/** In a transition: a symbol is complete. Its 8 bits are the lowest; the next state is above this bit. */
const EMIT = 0x100;
const NEXT_SHIFT = 9;
/** A transition that completes EOS, which no string may contain. */
const FAIL = 0xffffffff;

/** The transition from each state by each four bits, at `state << 4 | bits`. No code is shorter than five bits. */
const TRANSITIONS = transitions();

/** An inner node's two children: a number for another inner node, `~symbol` for a leaf. */
type InnerNode = [zero: number | undefined, one: number | undefined];

function tree(): InnerNode[] {
  const nodes: InnerNode[] = [[undefined, undefined]];
  const insert = (symbol: number) => {
    const code = CODES[symbol] ?? 0;
    let node = nodes[0];
    for (let bit = (BITS[symbol] ?? 0) - 1; bit >= 0 && node !== undefined; bit--) {
      const side = code >>> bit & 1;
      let child = node[side];
      if (child === undefined) {
        child = bit === 0 ? ~symbol : nodes.push([undefined, undefined]) - 1;
        node[side] = child;
      }
      node = nodes[child];
    }
  };
  // EOS is thirty ones: inserted first, it makes the first eight nodes what END_STATES says.
  insert(EOS);
  for (let symbol = 0; symbol < EOS; symbol++) insert(symbol);
  return nodes;
}

function transitions(): Uint32Array {
  const nodes = tree();
  const table = new Uint32Array(nodes.length << 4);
  for (let at = 0; at < table.length; at++) {
    let state = at >> 4;
    let emitted = 0;
    for (let bit = 3; bit >= 0; bit--) {
      const child = nodes[state]?.[at >> bit & 1] ?? ~EOS;
      if (child === ~EOS) {
        emitted = FAIL;
        break;
      }
      if (child < 0) emitted = EMIT | ~child;
      state = child < 0 ? 0 : child;
    }
    table[at] = emitted === FAIL ? FAIL : state << NEXT_SHIFT | emitted;
  }
  return table;
}

/** How many bytes `text` takes as Huffman code, or -1 where one of its characters is no byte. */
export function huffmanBytes(text: string): number {
  let bits = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff) return -1;
    bits += BITS[code] ?? 0;
  }
  return bits + 7 >> 3;
}

/** Writes `text` as Huffman code; `size` is its {@linkcode huffmanBytes}. */
export function writeHuffman(buffer: ByteBuffer, text: string, size: number): void {
  let at = buffer.reserve(size);
  const bytes = buffer.bytes;
  // What is not written yet: fewer than 8 bits between symbols, at the low end.
  let pending = 0;
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const symbol = text.charCodeAt(i);
    let code = CODES[symbol] ?? 0;
    let bits = BITS[symbol] ?? 0;
    if (bits > 24) {
      // 7 bits and 30 are more than 32: the code's first byte goes on its own.
      bits -= 8;
      pending = pending << 8 | code >>> bits;
      bytes[at++] = pending >>> count;
      code &= (1 << bits) - 1;
    }
    pending = pending << bits | code;
    count += bits;
    while (count >= 8) {
      count -= 8;
      bytes[at++] = pending >>> count;
    }
  }
  if (count > 0) bytes[at++] = pending << 8 - count | 0xff >> count;
  buffer.length = at;
}

/** Decoded strings up to this many bytes share one array: nothing awaits between its use and its reading. */
const scratch: Bytes = new Uint8Array(4096);

/** The most bytes that `size` bytes of Huffman code stand for: the shortest code has five bits. */
export function mostDecodedBytes(size: number): number {
  return Math.floor(size * 8 / 5);
}

/**
 * The string that the bytes from `start` to before `end` stand for.
 *
 * @throws {HpackError} When they contain EOS, or end in anything but 0 to 7 ones.
 */
export function decodeHuffman(bytes: Bytes, start: number, end: number): string {
  const most = mostDecodedBytes(end - start);
  const out = most <= scratch.length ? scratch : new Uint8Array(most);
  let length = 0;
  let state = 0;
  for (let i = start; i < end; i++) {
    const byte = bytes[i] ?? 0;
    const high = TRANSITIONS[state << 4 | byte >> 4] ?? FAIL;
    if (high === FAIL) throw eos();
    if (high & EMIT) out[length++] = high;
    const low = TRANSITIONS[high >>> NEXT_SHIFT << 4 | byte & 0xf] ?? FAIL;
    if (low === FAIL) throw eos();
    if (low & EMIT) out[length++] = low;
    state = low >>> NEXT_SHIFT;
  }
  if (state >= END_STATES) throw badPadding();
  return latin1(out, 0, length);
}

/**
 * How many bytes {@linkcode decodeHuffman} would return, without the memory for them.
 *
 * @throws {HpackError} As it does.
 */
export function decodedBytes(bytes: Bytes, start: number, end: number): number {
  let length = 0;
  let state = 0;
  for (let i = start * 2; i < end * 2; i++) {
    const byte = bytes[i >> 1] ?? 0;
    const next = TRANSITIONS[state << 4 | (i & 1 ? byte & 0xf : byte >> 4)] ?? FAIL;
    if (next === FAIL) throw eos();
    if (next & EMIT) length++;
    state = next >>> NEXT_SHIFT;
  }
  if (state >= END_STATES) throw badPadding();
  return length;
}

function eos(): HpackError {
  return new HpackError("A Huffman-encoded string contains EOS");
}

function badPadding(): HpackError {
  return new HpackError("A Huffman-encoded string ends in something other than 0 to 7 bits of ones");
}
