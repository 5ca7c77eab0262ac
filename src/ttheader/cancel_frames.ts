import { joinCancelPath } from "./cancel_path.ts";
import type { FrameConnection, FrameReceiver } from "./connection.ts";
import { ErrorCode, streamError, type TTStreamError } from "./errors.ts";
import { type Exception, writeException } from "./exception.ts";
import { FrameType } from "./frame.ts";
import { NO_METADATA } from "../core/metadata.ts";
import type { ClientTransportInit } from "../core/protocol.ts";
import { CANCEL_PATH_KEY } from "./metadata.ts";

/** How a cancel is told to the server. */
type CancelFrame = ClientTransportInit["cancelFrame"];

/** The beginning of a cancel path where a cancel came from a stream of another protocol, which has none. */
const FOREIGN_PATH = "non-ttstream path";

/** A call as its frames name it. */
export interface FrameTarget {
  readonly connection: FrameConnection<FrameReceiver>;
  readonly streamId: number;
  readonly method: string;
}

/** A client's Trailer: the half close, or, with an exception, the cancel for servers that know no Rst. */
export function sendTrailer({ connection, streamId, method }: FrameTarget, exception?: Exception): void {
  connection.sendFrame({ type: FrameType.Trailer, streamId, method, metadata: NO_METADATA }, (buffer) => {
    if (exception !== undefined) writeException(buffer, method, streamId, exception);
  });
}

/**
 * Says why, and who: the path as it came, and our own name behind it (Kitex `stream_client.go`: parseCtxErr).
 *
 * @param open Whether our side is open still: a Trailer then closes it.
 */
export function sendCancel(
  target: FrameTarget,
  { code, description, cancelPath }: TTStreamError,
  open: boolean,
  { serviceName, cancelFrame }: { serviceName: string | undefined; cancelFrame: CancelFrame },
): void {
  const path = cancelPath.length === 0 && code === ErrorCode.InternalCanceled
    ? [FOREIGN_PATH]
    : [...cancelPath];
  if (serviceName !== undefined) path.push(serviceName);
  switch (cancelFrame) {
    case "rst":
      sendRst(target, { type: code, message: description }, path);
      if (open) sendTrailer(target);
      return;
    case "trailer":
      // Its text is all that such a server shows: code and path go into it. After a half close nothing is left to say.
      if (open) {
        const { message } = streamError({ code, description, cancelPath: path });
        sendTrailer(target, { type: code, message });
      }
      return;
    default:
      cancelFrame satisfies never;
  }
}

function sendRst(
  { connection, streamId, method }: FrameTarget,
  exception: Exception,
  path: readonly string[],
): void {
  const metadata = path.length === 0 ? NO_METADATA : new Map([[CANCEL_PATH_KEY, joinCancelPath(path)]]);
  connection.sendFrame(
    { type: FrameType.Rst, streamId, method, metadata },
    (buffer) => writeException(buffer, method, streamId, exception),
  );
}
