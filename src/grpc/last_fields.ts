import type { Answer } from "../core/transport.ts";
import { FIELD_OVERHEAD, fieldsBytes, type HeaderField } from "../http2/hpack/field.ts";
import { toBase64 } from "./base64.ts";
import { bizStatusMetadata } from "./biz_status.ts";
import { isGrpcError } from "./error.ts";
import { percentEncode } from "./percent.ts";
import { GrpcStatus, statusOfRefusal } from "./status.ts";

/** A text that travels is cut here, whatever the client takes: as in TTHeader Streaming. */
const MAX_TEXT_BYTES = 65_536;

/**
 * What ends a stream: the header where none has been sent, the handler's trailer, and the status.
 *
 * @param maxBytes What the client takes.
 * @throws {RangeError} If that is more; only where the handler is still to be told. Elsewhere the trailer is left out,
 * the details, and what there is too much of the text: the stream has to end.
 */
export function lastFields(
  answer: Answer,
  head: readonly HeaderField[],
  trailer: readonly HeaderField[],
  maxBytes: number,
): HeaderField[] {
  const status = statusFields(answer);
  const fields = [...head, ...trailer, ...status];
  const bytes = fieldsBytes(fields);
  if (bytes <= maxBytes) return fields;
  if (isHandlers(answer)) throw tooLong("trailer", bytes, maxBytes);
  const bare = [...head, ...status];
  if (fieldsBytes(bare) <= maxBytes) return bare;
  const [code, message] = status;
  const short = code === undefined ? [...head] : [...head, code];
  if (message === undefined) return short;
  const [name, text] = message;
  const room = maxBytes - fieldsBytes(short) - name.length - FIELD_OVERHEAD;
  return room > 0 ? [...short, [name, cut(text, room)]] : short;
}

/** Whether the answer is the handler's own: where it cannot be sent, the handler has failed. */
export function isHandlers(answer: Answer): boolean {
  return answer.type === "done" || answer.type === "business error";
}

/** What a handler reads whose header or trailer the client does not take. */
export function tooLong(what: "header" | "trailer", bytes: number, maxBytes: number): RangeError {
  return new RangeError(`the ${what} of ${bytes} bytes exceeds the client's limit of ${maxBytes} bytes`);
}

/** How the end reads at the client. */
function statusFields(answer: Answer): HeaderField[] {
  switch (answer.type) {
    case "done":
      return [["grpc-status", "0"]];
    case "business error":
      return [...status(GrpcStatus.Internal, answer.error.statusMessage), ...bizStatusMetadata(answer.error)];
    case "failed":
      return failure(answer.error, answer.text);
    case "refused":
      return status(statusOfRefusal(answer.why), answer.text);
    case "cut":
      return status(GrpcStatus.Unavailable, answer.text);
    case "timed out":
    case "violation":
      return failure(answer.error, answer.error.description);
  }
}

/** A status of the handler's own goes as it is; anything else as Kitex tells it. */
function failure(error: unknown, text: string): HeaderField[] {
  if (!isGrpcError(error)) return status(GrpcStatus.Internal, `${text} [biz error]`);
  const fields = status(error.code, error.description);
  if (error.details !== undefined) fields.push(["grpc-status-details-bin", toBase64(error.details)]);
  return fields;
}

function status(code: number, text: string): HeaderField[] {
  const fields: HeaderField[] = [["grpc-status", String(code)]];
  if (text !== "") fields.push(["grpc-message", cut(percentEncode(text), MAX_TEXT_BYTES)]);
  return fields;
}

/** The beginning of an encoded text, which ends neither in half a code nor in a space. */
function cut(encoded: string, size: number): string {
  return encoded.length <= size ? encoded : encoded.slice(0, size).replace(/%.?$/, "").trimEnd();
}
