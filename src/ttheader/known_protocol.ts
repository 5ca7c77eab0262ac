import type { Bytes } from "../base/buffer.ts";

/** What a TTHeader message without the streaming flag is. */
export const UNARY = "a unary call over TTHeader on a connection of streams";

/** How connections of other protocols begin: their first bytes, from an offset on. */
const KNOWN: readonly { readonly at: number; readonly bytes: string; readonly name: string }[] = [
  {
    at: 0,
    bytes: "\x80\x01\x00\x01",
    name: "a unary Thrift call (Buffered Binary) on a connection of streams",
  },
  {
    at: 4,
    bytes: "\x80\x01\x00\x01",
    name: "a unary Thrift call (Framed Binary) on a connection of streams",
  },
  {
    at: 0,
    bytes: "\x80\x01\x00\x04",
    name: "a oneway Thrift call (Buffered Binary) on a connection of streams",
  },
  {
    at: 4,
    bytes: "\x80\x01\x00\x04",
    name: "a oneway Thrift call (Framed Binary) on a connection of streams",
  },
  { at: 0, bytes: "PRI * HT", name: "HTTP/2 (gRPC)" },
  { at: 0, bytes: "HTTP/1.", name: "an answer of HTTP/1" },
  ...["GET ", "POST ", "PUT ", "HEAD ", "DELETE ", "OPTIONS ", "PATCH ", "CONNECT "].map((bytes) => ({
    at: 0,
    bytes,
    name: "a request of HTTP/1",
  })),
  { at: 0, bytes: "\x16\x03", name: "TLS, and this connection is not encrypted" },
  { at: 0, bytes: "SSH-", name: "SSH" },
];

/** The name of the protocol that begins with `bytes`, from `start` on; `undefined` for any other. */
export function knownProtocol(bytes: Bytes, start: number): string | undefined {
  return KNOWN.find(({ at, bytes: first }) => startsWith(bytes, start + at, first))?.name;
}

function startsWith(bytes: Bytes, from: number, first: string): boolean {
  for (let i = 0; i < first.length; i++) if (bytes[from + i] !== first.charCodeAt(i)) return false;
  return true;
}
