import { FrameConnection } from "../../src/ttheader/connection.ts";
import type { FrameReceiver } from "../../src/ttheader/connection.ts";

/** What one connection of the library holds. */
interface Holdings {
  readonly connection: FrameConnection<FrameReceiver>;
  unread: number;
  /** The least that `unread` has been. */
  leastUnread: number;
  readonly waiting: Set<() => void>;
  readonly lingering: Set<number>;
}

/** Looks into every connection that the library makes, until disposed: no option tells what these hold. */
export class Inside implements Disposable {
  readonly #connections: Map<unknown, Holdings> = new Map();
  readonly #originals = Object.getOwnPropertyDescriptors(FrameConnection.prototype);

  constructor() {
    const { run, charge, wait, unwait, linger, unlinger } = FrameConnection.prototype;
    const woken = new WeakMap<() => void, () => void>();
    const of = (connection: FrameConnection<FrameReceiver>) => {
      const holdings = this.#connections.get(connection);
      if (holdings === undefined) throw new Error("a connection that was never run");
      return holdings;
    };
    const connections = this.#connections;
    Object.assign(FrameConnection.prototype, {
      run(this: FrameConnection<FrameReceiver>) {
        connections.set(this, {
          connection: this,
          unread: 0,
          leastUnread: 0,
          waiting: new Set(),
          lingering: new Set(),
        });
        return run.call(this);
      },
      charge(this: FrameConnection<FrameReceiver>, bytes: number, messages: number) {
        const holdings = of(this);
        holdings.unread += bytes;
        holdings.leastUnread = Math.min(holdings.leastUnread, holdings.unread);
        charge.call(this, bytes, messages);
      },
      wait(this: FrameConnection<FrameReceiver>, wake: () => void) {
        const { waiting } = of(this);
        waiting.add(wake);
        const wakes = () => {
          waiting.delete(wake);
          wake();
        };
        woken.set(wake, wakes);
        wait.call(this, wakes);
      },
      unwait(this: FrameConnection<FrameReceiver>, wake: () => void) {
        of(this).waiting.delete(wake);
        unwait.call(this, woken.get(wake) ?? wake);
      },
      linger(this: FrameConnection<FrameReceiver>, streamId: number, receiver: FrameReceiver) {
        if (!this.closed) of(this).lingering.add(streamId);
        linger.call(this, streamId, receiver);
      },
      unlinger(this: FrameConnection<FrameReceiver>, streamId: number) {
        of(this).lingering.delete(streamId);
        unlinger.call(this, streamId);
      },
    });
  }

  /** The connection that has been made last. */
  get newest(): FrameConnection<FrameReceiver> | undefined {
    return [...this.#connections.values()].at(-1)?.connection;
  }

  /** The streams that are open, all connections together. */
  get openStreams(): number {
    return [...this.#connections.values()].reduce((sum, { connection }) => sum + connection.size, 0);
  }

  /** What is held that should not be, now that every stream has ended. */
  leaks(): string[] {
    return [...this.#connections.values()].flatMap(
      ({ connection, unread, leastUnread, waiting, lingering }) => {
        const found: string[] = [];
        if (connection.size > 0) found.push(`${connection.size} open streams`);
        // A connection that has ended holds nothing back: what is unread belongs to its streams.
        if (unread !== 0 && !connection.closed) found.push(`${unread} bytes on the unread account`);
        if (leastUnread < 0) found.push(`${leastUnread} bytes on the unread account at times`);
        if (waiting.size > 0) found.push(`${waiting.size} writers that wait`);
        if (lingering.size > 0 && !connection.closed) found.push(`${lingering.size} lingering streams`);
        return found;
      },
    );
  }

  [Symbol.dispose](): void {
    Object.defineProperties(FrameConnection.prototype, this.#originals);
  }
}
