import { markAsUntransferable } from "node:worker_threads";
import type { Bytes } from "../base/buffer.ts";

/**
 * Makes it an error to give the buffer of `bytes` away (`postMessage`, `structuredClone`, `transfer()`, `enqueue` into
 * a byte stream): it holds other messages, too, and these would be empty all of a sudden. Node's pools do the same.
 *
 * @returns The same bytes.
 */
export function undetachable(bytes: Bytes): Bytes {
  markAsUntransferable(bytes.buffer);
  return bytes;
}
