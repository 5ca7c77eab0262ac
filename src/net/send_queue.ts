import { ByteBuffer, type Bytes } from "../base/buffer.ts";
import { CallQueue } from "../base/call_queue.ts";
import { alone, breathe, onNextTick, Pace } from "./event_loop.ts";

/** Unsent bytes over which messages wait: a cancel stands behind them. Larger writes are no faster (bench/NOTES.md). */
const CONGESTED_BYTES = 64 * 1024;
/** So many frames of more bytes may wait together: one large frame at a time is slower. */
const FEW_FRAMES = 4;
/** With so much gathered a write is early: the peer works on it while the rest of the turn is being gathered. */
const EARLY_BYTES = 32 * 1024;
/** So many early ones in a row: microtasks that always have more to send must not keep everybody else waiting. */
const MAX_EARLY_WRITES = 4;
/** With more frames than these in step there are more to come. */
const ANSWER_FRAMES = 2;
/**
 * Unsent answers that are a reason to read no further. Messages wait while the socket is behind; answers (refusals,
 * headers, trailers) follow from what has been read, so that is what has to wait. More than ten thousand of them fit in.
 */
export const MAX_CONTROL_BYTES: number = 1024 * 1024;
/** A buffer that a large message has blown up beyond this is given back when nothing more is to be sent. */
const KEPT_BYTES = 1024 * 1024;
/** Enough for a few small frames: most connections are quiet. */
const INITIAL_BYTES = 512;

/** What a send queue needs of its socket. */
export interface SendQueueSocket {
  /** Sends all the bytes, which are not changed until it has resolved. */
  write(bytes: Bytes): Promise<void>;
  /** Whether more has come than has been read, and it is being read. */
  behind(): boolean;
  /** More than {@linkcode MAX_CONTROL_BYTES} that are no message are unsent. */
  owing(): void;
}

/** What a send queue does. */
type State =
  | "resting"
  | "opening"
  | "answering"
  | "gathering"
  | "gathering, or early"
  | "breathing"
  | "writing";

/**
 * Gathers the frames of a turn and sends them in one write.
 *
 * A flush runs when the microtasks at hand have: a stream's Header and its first message leave together, as do the
 * answers to all messages of a chunk, and a socket that takes everything does not turn each frame into a write of its
 * own. Where much is gathered, some of it leaves before. While one buffer is being written the other is being filled.
 * The words for when are those of `event_loop.ts`.
 */
export class SendQueue {
  readonly #socket: SendQueueSocket;
  readonly #failed: (error: unknown) => void;
  readonly #pace = new Pace();
  #buffer = new ByteBuffer(INITIAL_BYTES);
  #spare = new ByteBuffer(INITIAL_BYTES);
  #inFlightBytes = 0;
  /** How many frames are in the buffer, or more: an empty flush counts as well. */
  #frames = 0;
  #state: State = "resting";
  #closed = false;
  readonly #waiting = new CallQueue();
  /** Early writes since the microtasks have last run, the next one included. */
  #early = 0;
  #awaitsTick = false;
  /** Bytes that have left the buffer for the socket, all in all, and those that the socket has taken. */
  #leftBytes = 0;
  #sentBytes = 0;
  /** Bytes of the buffer, and in flight, that answer the peer or open streams: nothing holds them back, as congestion does messages. */
  #controlBytes = 0;
  #controlInFlight = 0;
  /** Those who wait until what had been appended when they came has been sent, in their order. */
  #sentWaiters: { readonly at: number; readonly sent: PromiseWithResolvers<void> }[] = [];

  /** @param failed Is told when a write rejects; nothing is sent after that. */
  constructor(socket: SendQueueSocket, failed: (error: unknown) => void) {
    this.#socket = socket;
    this.#failed = failed;
  }

  /** Where to append frames. Another one after every flush: do not keep it. */
  get buffer(): ByteBuffer {
    return this.#buffer;
  }

  /** Whether the unsent bytes are over the mark, or nothing is sent any more: whoever writes must not go on as if it were. */
  get congested(): boolean {
    if (this.#closed) return true;
    const unsent = this.#inFlightBytes + this.#buffer.length;
    return unsent > CONGESTED_BYTES && (this.#frames > FEW_FRAMES || unsent > FEW_FRAMES * CONGESTED_BYTES);
  }

  /** Where the next frame begins, counted in bytes from the connection's first. */
  get position(): number {
    return this.#leftBytes + this.#buffer.length;
  }

  /** How many bytes have left for the socket: what is behind them the peer has not got. */
  get leftBytes(): number {
    return this.#leftBytes;
  }

  /** How many unsent bytes are not messages. */
  get controlBytes(): number {
    return this.#controlBytes + this.#controlInFlight;
  }

  /** Says that the last `bytes` appended are no message. */
  countControl(bytes: number): void {
    this.#controlBytes += bytes;
    if (this.controlBytes > MAX_CONTROL_BYTES) this.#socket.owing();
  }

  /** Sees to it that what has been appended is sent. */
  flush(): void {
    if (this.#closed) {
      this.#buffer.length = 0;
      return;
    }
    this.#frames++;
    if (this.#quiet) this.#answer();
    else if (this.#buffer.length >= EARLY_BYTES && this.#mayBeEarly) queueMicrotask(this.#gathered);
  }

  /** As {@linkcode flush}, for a frame that begins or ends a stream: it does not wait until a breath is over. */
  flushNow(): void {
    if (this.#closed || !this.#quiet) {
      this.flush();
      if (this.#state === "breathing") queueMicrotask(this.#breathed);
    } else {
      this.#frames++;
      this.#open();
    }
  }

  /**
   * Calls `wake` once, when no longer congested or closed; not when a write has failed, before the close. Those who
   * came first go first, and only as many as it takes to be congested again.
   */
  wait(wake: () => void): void {
    this.#waiting.add(wake);
  }

  /** Takes a `wait` back. */
  unwait(wake: () => void): void {
    this.#waiting.remove(wake);
  }

  /** Resolves when all that has been appended so far is with the socket, or nothing will be sent any more. */
  sent(): Promise<void> {
    const at = this.position;
    if (this.#state === "resting" || at === this.#sentBytes) return Promise.resolve();
    const last = this.#sentWaiters.at(-1);
    if (last?.at === at) return last.sent.promise;
    const sent = Promise.withResolvers<void>();
    this.#sentWaiters.push({ at, sent });
    return sent.promise;
  }

  /** Drops what is unsent and takes nothing more. */
  close(): void {
    this.#closed = true;
    this.#buffer.length = 0;
    this.#wake();
    this.#settleSent(Infinity);
  }

  get #mayBeEarly(): boolean {
    return this.#state === "gathering, or early" || this.#state === "answering";
  }

  /** Whether no message is under way. */
  get #quiet(): boolean {
    return this.#state === "resting" || this.#state === "opening";
  }

  /** A frame that begins a stream waits for its first message. */
  #open(): void {
    if (this.#state === "opening") return;
    this.#pace.begin();
    this.#gather();
    this.#state = "opening";
  }

  /** A message where all was quiet: it leaves with what is sent in step with it. */
  #answer(): void {
    if (!alone() || this.#socket.behind()) return this.#open();
    if (this.#state === "resting") this.#pace.begin();
    this.#state = "answering";
    queueMicrotask(this.#inStep);
  }

  readonly #inStep = (): void => {
    queueMicrotask(this.#answered);
  };

  readonly #answered = (): void => {
    if (this.#state !== "answering") return;
    if (this.#frames > ANSWER_FRAMES) this.#gather();
    else this.#gathered();
  };

  /** Waits until the microtasks at hand have run, or, a few times in a row, until there is enough for an early write. */
  #gather(): void {
    if (this.#early === MAX_EARLY_WRITES || this.#socket.behind()) {
      this.#early = 0;
      this.#state = "gathering";
    } else {
      this.#early++;
      this.#state = "gathering, or early";
    }
    if (this.#awaitsTick) return;
    this.#awaitsTick = true;
    onNextTick(this.#ticked);
  }

  readonly #ticked = (): void => {
    this.#awaitsTick = false;
    if (this.#state === "gathering, or early") this.#early = 0;
    // The tick comes before the microtasks of a timer's callback: whoever sends in them goes along.
    queueMicrotask(this.#gathered);
  };

  readonly #gathered = (): void => {
    if (this.#state === "resting" || this.#state === "breathing" || this.#state === "writing") return;
    if (this.#buffer.length === 0 || this.#closed) this.#rest();
    else if (this.#pace.due) this.#breathe();
    // Messages that have come go first, or both peers send faster than they read, and fill up the kernel's buffers.
    else if (this.#socket.behind() && this.congested) this.#gather();
    else this.#write();
  };

  /** Lets the event loop look at its sockets, unless somebody is in a hurry. */
  #breathe(): void {
    this.#state = "breathing";
    breathe().then(this.#breathed);
  }

  readonly #breathed = (): void => {
    if (this.#state !== "breathing") return;
    if (this.#closed) this.#rest();
    else this.#write();
  };

  #write(): void {
    const full = this.#buffer;
    this.#buffer = this.#spare;
    this.#spare = full;
    this.#state = "writing";
    this.#inFlightBytes = full.length;
    this.#frames = 0;
    this.#leftBytes += full.length;
    this.#controlInFlight = this.#controlBytes;
    this.#controlBytes = 0;
    this.#socket.write(full.bytes.subarray(0, full.length)).then(this.#written, this.#writeFailed);
  }

  readonly #written = (): void => {
    this.#sentBytes += this.#inFlightBytes;
    this.#inFlightBytes = 0;
    this.#controlInFlight = 0;
    this.#spare.length = 0;
    if (this.#sentWaiters.length > 0) this.#settleSent(this.#sentBytes);
    if (this.#waiting.length > 0) this.#wake();
    this.#gather();
  };

  readonly #writeFailed = (error: unknown): void => {
    if (!this.#closed) {
      this.#closed = true;
      this.#buffer.length = 0;
      this.#failed(error);
    }
    this.#rest();
  };

  /** Nothing is left to be sent. */
  #rest(): void {
    this.#state = "resting";
    this.#giveBack();
    this.#settleSent(Infinity);
  }

  #giveBack(): void {
    if (this.#buffer.bytes.length > KEPT_BYTES) this.#buffer = new ByteBuffer(INITIAL_BYTES);
    if (this.#spare.bytes.length > KEPT_BYTES) this.#spare = new ByteBuffer(INITIAL_BYTES);
  }

  #wake(): void {
    // Whoever waits again meanwhile has another turn.
    for (let left = this.#waiting.length; left > 0; left--) {
      if (this.congested && !this.#closed) return;
      const wake = this.#waiting.shift();
      if (wake === undefined) return;
      wake();
    }
  }

  #settleSent(sentBytes: number): void {
    const waiters = this.#sentWaiters;
    while (waiters[0] !== undefined && waiters[0].at <= sentBytes) waiters.shift()?.sent.resolve();
  }
}
