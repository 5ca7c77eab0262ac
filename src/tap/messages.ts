import type { Bytes } from "../base/buffer.ts";
import { reasonText } from "../base/reason.ts";
import type { RelayEnd } from "../net/relay.ts";
import type { MessageReader } from "./event.ts";

/** Where no IDL was given: messages have a size, and no more. */
export const NO_MESSAGES: MessageReader = { read: () => undefined };

/** A message, as far as it can be shown; what is wrong with its payload is said in its place. */
export function readMessage(
  messages: MessageReader,
  method: string,
  from: RelayEnd,
  payload: Bytes,
): { readonly message?: unknown; readonly text?: string; readonly failed?: true } {
  try {
    const read = messages.read(method, from, payload);
    if (read === undefined) return {};
    const { json, exception } = read;
    return exception === undefined ? { message: json } : { text: exception, failed: true, message: json };
  } catch (error) {
    return { text: `not as the IDL has it: ${reasonText(error)}`, failed: true };
  }
}
