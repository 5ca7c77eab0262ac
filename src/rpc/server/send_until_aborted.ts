import { type MessageSource, sendAllFor } from "../../core/send_all.ts";
import { whenAborted } from "./when_aborted.ts";

/** The sending side of a handler's stream that is not the library's own. */
export interface ForeignSide<T> {
  send(message: T): Promise<void>;
  /** The stream fails for that. */
  sourceThrew(error: unknown): void;
}

/** Sends all that `source` gives; that the stream has ended its `signal` tells. */
export function sendUntilAborted<T>(
  source: MessageSource<T>,
  signal: AbortSignal,
  side: ForeignSide<T>,
): Promise<void> {
  return sendAllFor(source, {
    ended() {
      return signal.aborted;
    },
    send: (message) => side.send(message),
    whenEnded: (task) => whenAborted(signal, task),
    sourceThrew: (error) => side.sourceThrew(error),
    endError: () => signal.reason,
  });
}
