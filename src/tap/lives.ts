import type { RelayEnd } from "../net/relay.ts";
import { type Mark, type StreamEnd, type TapEvent, UNREAD } from "./event.ts";

/** So many marks of one stream are kept: more than any line has columns. Messages that are close to each other share one. */
const MAX_MARKS = 512;
/** So many streams are kept, the latest ones. */
const MAX_LIVES = 256;

/** Something that happened in a stream. */
export interface MarkAt {
  readonly time: number;
  readonly from: RelayEnd;
  readonly mark: Mark;
}

/** One stream from its beginning to its end. */
export interface Life {
  readonly connection: number;
  readonly stream: number;
  /** `Service/Method`. */
  readonly method: string;
  readonly startedAt: number;
  readonly marks: readonly MarkAt[];
  /** Absent where it has not ended. */
  readonly end?: StreamEnd & { readonly by: RelayEnd | undefined; readonly at: number };
  /** Messages, in each direction. */
  readonly requests: number;
  readonly responses: number;
}

/** A life that goes on. */
class Living implements Life {
  readonly connection: number;
  readonly stream: number;
  readonly method: string;
  readonly startedAt: number;
  marks: MarkAt[] = [];
  declare end?: NonNullable<Life["end"]>;
  requests = 0;
  responses = 0;
  /** Messages of one direction within so many milliseconds share a mark. */
  #resolutionMs = 0;
  readonly #lastMessage: Record<RelayEnd, number> = { client: -Infinity, server: -Infinity };

  constructor({ connection, method = "", time }: TapEvent, stream: number) {
    this.connection = connection;
    this.stream = stream;
    this.method = method;
    this.startedAt = time;
  }

  add(mark: MarkAt): void {
    if (mark.mark === "message") {
      if (mark.from === "client") this.requests++;
      else this.responses++;
      if (mark.time - this.#lastMessage[mark.from] < this.#resolutionMs) return;
      this.#lastMessage[mark.from] = mark.time;
    }
    this.marks.push(mark);
    if (this.marks.length > MAX_MARKS) this.#thin();
  }

  /** Makes room: messages that are close to each other share a mark from now on. */
  #thin(): void {
    const last: Record<RelayEnd, number> = { client: -Infinity, server: -Infinity };
    const spanMs = (this.marks.at(-1)?.time ?? this.startedAt) - this.startedAt;
    this.#resolutionMs = Math.max(2 * this.#resolutionMs, 4 * spanMs / MAX_MARKS);
    this.marks = this.marks.filter(({ mark, from, time }) => {
      if (mark !== "message") return true;
      if (time - last[from] < this.#resolutionMs) return false;
      last[from] = time;
      return true;
    });
  }
}

/** The lives of the streams that were seen, by what was seen of them. */
export class Lives {
  /** Those that have not ended: a connection may have any number of streams in its time. */
  readonly #living = new Map<string, Living>();
  #all: Living[] = [];
  #dropped = 0;
  /** Who was the first to end a connection. */
  readonly #endedBy = new Map<number, { by: RelayEnd; how: string }>();

  /** The streams in the order of their beginnings, and how many before them are kept no more. */
  get lives(): { readonly lives: readonly Life[]; readonly dropped: number } {
    return { lives: this.#all, dropped: this.#dropped };
  }

  /** Takes what was seen. */
  see(event: TapEvent): void {
    const { connection, stream, from, kind, mark, begins, end, time, text = "" } = event;
    if (stream === undefined) {
      if (from !== undefined && (kind === "closed" || kind === "reset") && !this.#endedBy.has(connection)) {
        this.#endedBy.set(connection, { by: from, how: kind });
      }
      if (kind === UNREAD) this.#endAll(connection, { how: "unread", text, by: undefined, at: time });
      return;
    }
    if (mark === undefined || from === undefined) return;
    const key = `${connection}/${stream}`;
    let life = this.#living.get(key);
    // What comes behind the end of a stream begins none: a Trailer behind a Rst, or what was on its way.
    if (begins === true && life === undefined) {
      life = this.#begin(event, stream);
      this.#living.set(key, life);
    }
    if (life === undefined) return;
    life.add({ time, from, mark });
    if (end === undefined) return;
    life.end = { ...end, by: from, at: time };
    this.#living.delete(key);
  }

  /** A connection is over, and with it all of its streams. */
  connectionOver(connection: number, time: number): void {
    const ended = this.#endedBy.get(connection);
    const text = ended === undefined ? "the connection is gone" : `the connection was ${ended.how}`;
    this.#endAll(connection, { how: "lost", text, by: ended?.by, at: time });
    this.#endedBy.delete(connection);
  }

  /** Forgets what has been shown. */
  clear(): void {
    this.#all = this.#all.filter((life) => life.end === undefined);
    this.#dropped = 0;
  }

  #endAll(connection: number, end: NonNullable<Life["end"]>): void {
    for (const [key, life] of this.#living) {
      if (life.connection !== connection) continue;
      life.end = end;
      this.#living.delete(key);
    }
  }

  #begin(event: TapEvent, stream: number): Living {
    const life = new Living(event, stream);
    this.#all.push(life);
    if (this.#all.length > MAX_LIVES) {
      this.#all.shift();
      this.#dropped++;
    }
    return life;
  }
}
