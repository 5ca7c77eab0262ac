import { dialectOf, type ProtocolName } from "../../core/dialect.ts";
import { isBizStatusError, isStreamError, type Where } from "../../core/errors.ts";

/**
 * What reading the one response failed with, as its promise rejects: the read that a codec failed is the library's,
 * not the user's, and they get what the rest of the call rejects with.
 */
export function responseError(error: unknown, protocol: ProtocolName, where: Where): unknown {
  return isStreamError(error) || isBizStatusError(error) ? error : dialectOf(protocol).canceled(where, error);
}
