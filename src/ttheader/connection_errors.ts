import { Description, ErrorCode, streamError, TTStreamError } from "./errors.ts";
import { reasonText } from "../base/reason.ts";

/** Whether a connection's end is worth a word: the peer broke the protocol, or a limit. Peers come and go all the time. */
export function isPeersFault(error: TTStreamError | undefined): error is TTStreamError {
  if (error === undefined || error.cause !== undefined) return error?.code === ErrorCode.IllegalFrame;
  return error.description !== Description.closedByPeer;
}

/** What the streams of a connection read that the peer has closed. */
export const CLOSED_BY_PEER = { code: ErrorCode.TransportClosing, description: Description.closedByPeer };
/** What the streams of a connection read that was closed on this side. */
export const TRANSPORT_CLOSING = {
  code: ErrorCode.TransportClosing,
  description: Description.transportClosing,
};

/** A broken frame is a 12004 already; anything else is what the system said. */
export function transportError(error: unknown): TTStreamError {
  if (error instanceof TTStreamError) return error;
  return streamError({ code: ErrorCode.TransportClosing, description: reasonText(error), cause: error });
}
