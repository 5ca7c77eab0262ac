import type { ConnectionState } from "./connection_state.ts";
import { ErrorCode } from "./error_code.ts";
import { Http2ConnectionError } from "./errors.ts";
import { frameTypeName } from "./frame.ts";
import { IDLE_FRAMES, IDLE_FRAMES_PER_SECOND } from "./limits.ts";

/** What is to be done with frames that carry nothing, and with those of streams that are not open. */
export class StrayFrames {
  readonly #state: ConnectionState;

  constructor(state: ConnectionState) {
    this.#state = state;
  }

  /**
   * A frame makes work and carries nothing.
   *
   * @throws {Http2ConnectionError} Where there have been too many of them.
   */
  spend(type: number, cost = 1): void {
    if (this.#state.budget.spend(cost)) return;
    const limit = `${IDLE_FRAMES} at once and ${IDLE_FRAMES_PER_SECOND} a second`;
    const description = `too many frames that carry nothing, the last ${frameTypeName(type)}: over ${limit}`;
    throw new Http2ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, description);
  }

  /** Whether the stream came after our GOAWAY (RFC 9113 6.8): its frames are passed over. */
  ignored(id: number, type: number): boolean {
    if (id <= this.#state.ignoreAbove || this.#state.side === "client") return false;
    this.spend(type);
    return true;
  }

  /**
   * No frame but HEADERS and PRIORITY may come for a stream that is idle, and even ones always are: nobody pushes.
   *
   * @throws {Http2ConnectionError} Where the stream is.
   */
  refuseIdle(id: number, type: number): void {
    if (id <= this.#state.lastId && id % 2 === 1) return;
    const description = `${frameTypeName(type)} of stream ${id}, which is idle`;
    throw new Http2ConnectionError(ErrorCode.PROTOCOL_ERROR, description);
  }
}
