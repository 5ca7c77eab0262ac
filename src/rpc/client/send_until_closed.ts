import type { StreamError } from "../../core/errors.ts";
import { handled } from "../../base/handled.ts";
import { type MessageSource, sendAllFor } from "../../core/send_all.ts";

/** The sending side of a call that is not the library's own. */
export interface ForeignSide<T> {
  /** Whether the half close has been asked for already. */
  readonly halfClosed: boolean;
  send(message: T): Promise<void>;
  /** Half close. */
  close(): Promise<void>;
  /** What it is that the side is closed. */
  closedSend(): StreamError;
  /** The call ends for that. */
  sourceThrew(error: unknown): void;
}

/** Sends all that `source` gives and half closes; that the call has ended, well or not, its `closed` tells. */
export function sendUntilClosed<T>(
  source: MessageSource<T>,
  closed: Promise<void>,
  side: ForeignSide<T>,
): Promise<void> {
  const tasks = new Set<() => void>();
  let ended = side.halfClosed;
  let endError: unknown = ended ? side.closedSend() : undefined;
  const end = (error: unknown) => {
    ended = true;
    endError = error;
    for (const task of tasks) task();
  };
  closed.then(() => end(side.closedSend()), end);
  const sending = sendAllFor(source, {
    ended() {
      return ended;
    },
    send: (message) => side.send(message),
    whenEnded: (task) => {
      tasks.add(task);
      return () => tasks.delete(task);
    },
    sourceThrew: (error) => side.sourceThrew(error),
    endError: () => endError,
  });
  return handled(sending.then(() => side.close()));
}
