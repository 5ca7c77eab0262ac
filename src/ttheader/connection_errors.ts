import { Description, ErrorCode, streamError, TTStreamError } from "./errors.ts";
import type { Fault } from "../net/byte_connection.ts";
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

/** How a fault of the bytes below is called. */
export function errorOfFault(fault: Fault): TTStreamError {
  switch (fault.type) {
    case "closed by peer":
      return streamError(CLOSED_BY_PEER);
    case "failed":
      return transportError(fault.error);
    case "unfinished frame":
      return streamError({ code: ErrorCode.IllegalFrame, description: fault.text });
    case "stalled":
      return streamError({ code: ErrorCode.TransportClosing, description: fault.text });
  }
}

/** What the loss of a connection is to its streams at the client. */
export function lossAtClient(error: TTStreamError | undefined): TTStreamError {
  return error ?? streamError(TRANSPORT_CLOSING);
}

/** What the loss of a connection is to its streams at the server (Kitex: 12013, with the broken frame's text). */
export function lossAtServer(error: TTStreamError | undefined): TTStreamError {
  const description = error?.code === ErrorCode.IllegalFrame ? error.message : Description.connectionClosed;
  return streamError({ code: ErrorCode.ConnectionClosed, description, cause: error });
}
