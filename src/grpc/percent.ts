const utf8 = new TextEncoder();

/**
 * A text as `grpc-message` carries it: UTF-8, percent-encoded but for printable ASCII (grpc `doc/PROTOCOL-HTTP2.md`).
 * A space at either end is encoded, too: HTTP allows none there (RFC 9113 8.2.1).
 */
export function percentEncode(text: string): string {
  if (/^(?! )[ -$&-~]*$/.test(text) && !text.endsWith(" ")) return text;
  let encoded = "";
  const bytes = utf8.encode(text);
  for (const [i, byte] of bytes.entries()) {
    const plain = byte > 0x20 && byte <= 0x7e && byte !== 0x25 ||
      byte === 0x20 && i > 0 && i < bytes.length - 1;
    encoded += plain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}

/** The text in a `grpc-message`. What is no percent-encoding stays as it is; bytes that are no UTF-8 become U+FFFD. */
export function percentDecode(encoded: string): string {
  const bytes = new Uint8Array(encoded.length);
  let size = 0;
  for (let i = 0; i < encoded.length; i++) {
    const hex = encoded.slice(i + 1, i + 3);
    if (encoded[i] === "%" && /^[0-9a-fA-F]{2}$/.test(hex)) {
      bytes[size++] = parseInt(hex, 16);
      i += 2;
    } else {
      bytes[size++] = encoded.charCodeAt(i);
    }
  }
  return new TextDecoder().decode(bytes.subarray(0, size));
}
