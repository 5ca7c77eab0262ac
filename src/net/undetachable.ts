import type { Bytes } from "../base/buffer.ts";

/** Marks a buffer; `undefined` where the platform cannot: Workers have no such module, and Bun's function throws. */
const mark: ((buffer: ArrayBuffer) => void) | undefined = await markHere();

/** A static import of a module that is missing would keep the whole library from loading, and `node:process` takes long to load. */
async function markHere(): Promise<((buffer: ArrayBuffer) => void) | undefined> {
  try {
    const { markAsUntransferable } = await import("node:worker_threads");
    markAsUntransferable(new ArrayBuffer(1));
    return markAsUntransferable;
  } catch {
    return undefined;
  }
}

/**
 * Makes it an error to give the buffer of `bytes` away (`postMessage`, `structuredClone`, `transfer()`, `enqueue` into
 * a byte stream): it holds other messages, too, and these would be empty all of a sudden. Node's pools do the same.
 * Where the platform cannot, the buffer stays as it is, and not giving it away is up to the user.
 *
 * @returns The same bytes.
 */
export function undetachable(bytes: Bytes): Bytes {
  mark?.(bytes.buffer);
  return bytes;
}
