import { ErrorCode, isBizStatusError, isTTStreamError, streamError, type TTStreamError } from "../errors.ts";
import { errorFromReason, type Where } from "../reason.ts";

/** The error of a call whose server ended it well, but without the response that its kind of method owes. */
export function noResponse(where: Where): TTStreamError {
  const description = "stream ended without a response";
  return streamError({ code: ErrorCode.ApplicationException, description, ...where });
}

/**
 * What reading the one response failed with, as its promise rejects: the read that a codec failed is the library's,
 * not the user's, and they get what the rest of the call rejects with.
 */
export function responseError(error: unknown, where: Where): unknown {
  return isTTStreamError(error) || isBizStatusError(error) ? error : errorFromReason(error, where);
}
