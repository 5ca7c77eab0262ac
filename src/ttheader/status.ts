import { isRefusal } from "../core/refusal_text.ts";
import { stringRecord } from "../base/string_record.ts";
import { BizStatusError } from "../core/errors.ts";
import { Description, ErrorCode, streamError, type TTStreamError } from "./errors.ts";
import { INT32_MAX, INT32_MIN } from "../base/int32.ts";
import { exceptionText, readException } from "./exception.ts";
import type { Bytes } from "../base/buffer.ts";
import type { Metadata } from "../core/metadata.ts";
import type { Frame } from "./frame.ts";
import { CANCEL_PATH_KEY } from "./metadata.ts";
import { reasonText } from "../base/reason.ts";
import type { Where } from "../core/errors.ts";

/** The Trailer's keys for a business error (Kitex `pkg/transmeta/ttheader.go`). */
export const BizKey = { Status: "biz-status", Message: "biz-message", Extra: "biz-extra" } as const;

/** What stands before the text of a handler's own error (Kitex `pkg/kerrors/kerrors.go`: ErrBiz). */
export const HANDLER_ERROR_PREFIX = "biz error: ";

/** The thrift exception type 13, which Kitex shows for a Rst that says nothing readable. */
const UNREADABLE_RST = 13;

/** What a Rst frame says: its code and description; the receiver adds its side and the path that travelled. */
export function errorOfRst({ payload, metadata }: Frame, where: Where): TTStreamError {
  const path = metadata.get(CANCEL_PATH_KEY);
  const cancelPath = path === undefined || path === "" ? [] : path.split(",");
  try {
    const exception = readException(payload);
    const description = exceptionText(exception);
    return streamError({ ...where, code: exception.type, description, cancelPath, kind: "canceled" });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    return streamError({
      ...where,
      code: UNREADABLE_RST,
      description: Description.rst,
      cancelPath,
      cause,
      kind: "canceled",
    });
  }
}

/** What a Trailer frame says: `undefined` where the peer ended well. */
export function errorOfTrailer(frame: Frame, where: Where): TTStreamError | BizStatusError | undefined {
  return frame.payload.length === 0
    ? bizStatusOf(frame.metadata, where)
    : errorOfException(frame.payload, where);
}

/** What an exception says that the server has sent: a thrift message. */
export function errorOfException(payload: Bytes, where: Where): TTStreamError {
  try {
    const exception = readException(payload);
    const description = exceptionText(exception);
    const { type: exceptionType } = exception;
    if (exceptionType === ErrorCode.StreamTimeout) {
      return streamError({ ...where, code: exceptionType, description, exceptionType, kind: "canceled" });
    }
    return streamError({
      ...where,
      code: ErrorCode.ApplicationException,
      description,
      exceptionType,
      retryable: isRefusal(description) && exception.begun !== true,
    });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    return streamError({ ...where, code: ErrorCode.IllegalFrame, description: reasonText(cause), cause });
  }
}

/** The business error among a server's keys: as in Kitex, a status of 0 or one that is no number is none. */
export function bizStatusOf(metadata: Metadata, where: Where): TTStreamError | BizStatusError | undefined {
  const status = metadata.get(BizKey.Status);
  if (status === undefined || !/^[+-]?\d+$/.test(status)) return undefined;
  const code = Number(status);
  if (code === 0 || code < INT32_MIN || code > INT32_MAX) return undefined;
  const message = metadata.get(BizKey.Message) ?? "";
  const json = metadata.get(BizKey.Extra);
  if (json === undefined || json === "") return new BizStatusError(code, message);
  const extra = stringRecord(json);
  if (extra !== undefined) return new BizStatusError(code, message, extra);
  return streamError({
    ...where,
    code: ErrorCode.IllegalBizError,
    description: `malformed header info, extra: ${json}`,
  });
}

/** The Trailer's keys that say `error`. */
export function bizStatusMetadata(error: BizStatusError): Map<string, string> {
  const metadata = new Map([
    [BizKey.Status, String(error.statusCode)],
    [BizKey.Message, error.statusMessage],
  ] as [string, string][]);
  if (error.extra !== undefined) metadata.set(BizKey.Extra, JSON.stringify(error.extra));
  return metadata;
}
