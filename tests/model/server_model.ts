import { endOfRst, endOfTrailer } from "./client_model.ts";
import {
  type End,
  end,
  endOfReason,
  type Reason,
  reasonOf,
  saidOfReason,
  showEnd,
  showError,
} from "./ends.ts";
import type { Message, ModelFrame, Said } from "./frames.ts";
import { ReaderModel, type ReadStyle } from "./reader_model.ts";
import { WriterModel, type WriteStyle } from "./writer_model.ts";

/** What a stream of the server may do with what is around it. */
export interface ServerWorld {
  send(frame: ModelFrame): void;
  /** The handler has returned, or was never called. */
  returned(): void;
}

/** How a handler ends. */
export type Finish = "return" | "throw" | "biz" | "own end";

const HANDLER_RETURNED = "canceled by business handler returning";

/** What must be seen of a stream at the server. */
export class ServerModel {
  live = true;
  /** Whether the handler has been called; a stream that ended before never calls it. */
  called = false;
  finished = false;
  readonly reader: ReaderModel;
  readonly writer: WriterModel;
  readonly pumps: string[] = [];
  readonly aborts: string[] = [];
  readonly errors: string[] = [];
  /** How it ended. */
  ending: End | undefined;
  /** What observers are told of the end. */
  told: string | undefined;
  drains = false;
  /** Which Header it was. */
  key = 0;
  /** The Header goes before a message that has waited: it has been sent, and not seen on the wire yet. */
  lateHeader = false;
  #headerSent = false;
  #remoteOpen = true;
  #returning = false;
  readonly #trailer: Record<string, string> = {};

  constructor(readonly id: number, reads: ReadStyle, writes: WriteStyle, readonly world: ServerWorld) {
    this.reader = new ReaderModel(reads);
    this.writer = new WriterModel(writes);
  }

  /** The frames at hand have been handed out. */
  call(): void {
    if (this.called) return;
    if (this.live) this.called = true;
    else if (!this.finished) {
      this.finished = true;
      this.world.returned();
    }
  }

  read(): void {
    this.reader.read();
  }

  write(message: Message, congested: boolean): void {
    const closed = showEnd(end(12005, "stream is closed send", "server"));
    const refused = this.writer.closed ? closed : this.ending && showEnd(this.ending);
    if (!this.writer.write(message, refused, congested)) return;
    this.#sendHeader();
    this.world.send({ t: "Data", id: this.id, message });
  }

  sendAll(kind: "two" | "throws" | "stuck", messages: readonly Message[]): void {
    if (this.ending !== undefined) {
      this.pumps.push(`! ${showEnd(this.ending)}`);
      return;
    }
    if (kind === "stuck") {
      this.pumps.push("pending");
      return;
    }
    for (const message of messages) {
      this.#sendHeader();
      this.world.send({ t: "Data", id: this.id, message });
    }
    if (kind === "two") {
      this.pumps.push("ok");
      return;
    }
    this.pumps.push("! Error: source");
    this.#report("Error: source");
    const ending = end(12012, HANDLER_RETURNED, "server");
    this.#endWith({ type: 6, message: "biz error: source" }, ending, "Error: source");
  }

  close(): void {
    this.writer.closed = true;
  }

  /** A message that has waited has been sent. */
  sentLate(): void {
    if (this.#headerSent) return;
    this.#headerSent = true;
    this.lateHeader = true;
  }

  sendHeader(): void {
    this.#sendHeader();
  }

  setTrailer(key: string, value: string): void {
    this.#trailer[key] = value;
  }

  leave(): void {
    this.reader.leave();
  }

  abort(reason: Reason): void {
    if (!this.writer.abort(showError(reasonOf(reason)))) return;
    const ending = endOfReason(reason, "server");
    if (reason === "biz") {
      if (this.live) this.#endWell(BIZ_META, ending, BIZ_TOLD);
      return;
    }
    this.#report(showError(reasonOf(reason)));
    const told = reason === "none" ? showEnd(ending) : showError(toError(reasonOf(reason)));
    if (this.live) this.#endWith(saidOfReason(reason), ending, told);
  }

  finish(how: Finish): void {
    this.#returning = true;
    switch (how) {
      case "return":
        break;
      case "own end":
        if (this.ending !== undefined) break;
        // It has none yet: an error like any other.
        return this.#throw("Error: thrown", "thrown");
      case "throw":
        return this.#throw("Error: thrown", "thrown");
      case "biz":
        if (this.live) this.#endWell(BIZ_META, end(12012, HANDLER_RETURNED, "server"), BIZ_TOLD);
        return this.#returned();
    }
    this.#complete();
  }

  get returning(): boolean {
    return this.#returning;
  }

  #throw(shown: string, text: string): void {
    this.#report(shown);
    if (this.live) {
      const ending = end(12012, HANDLER_RETURNED, "server");
      this.#endWith({ type: 6, message: `biz error: ${text}` }, ending, shown);
    }
    this.#returned();
  }

  #complete(): void {
    if (this.finished) return;
    const waits = this.live && this.writer.waiting.length > 0;
    if (waits) return;
    if (this.live) this.#endWell({}, end(12012, HANDLER_RETURNED, "server"), "ok");
    this.#returned();
  }

  #returned(): void {
    if (this.finished) return;
    this.finished = true;
    this.world.returned();
  }

  /** An error that only the server hears of is told once. */
  #report(shown: string): void {
    if (this.errors.length === 0) this.errors.push(shown);
  }

  receive(frame: ModelFrame): void {
    if (!this.live) return;
    switch (frame.t) {
      case "Header": {
        const ending = end(12002, `stream[${this.id}] already set header`, "server");
        return this.#endWithout({ type: 6, message: showEnd(ending) }, ending);
      }
      case "Data":
        if (this.#remoteOpen) this.reader.push(frame.message);
        return;
      case "Trailer":
        if (!this.#remoteOpen) return;
        this.#remoteOpen = false;
        this.reader.finish(endOfTrailer(frame.said, frame.meta, "server"));
        return;
      case "Rst":
        this.#ended(endOfRst(frame.said, frame.meta, "server"));
        return;
      case "Meta":
        return;
    }
  }

  /** The connection is gone. */
  lose(error: End): void {
    if (!this.live) return;
    this.reader.finish(error);
    this.#ended(error, true);
  }

  /** The server closes before the handler has returned. */
  cut(message: string): void {
    if (!this.live) return;
    this.#endWithout({ type: 6, message }, end(12013, "canceled by connection closed"));
  }

  #sendHeader(): void {
    if (this.#headerSent || !this.live) return;
    this.#headerSent = true;
    this.world.send({ t: "Header", id: this.id });
  }

  #endWell(meta: Readonly<Record<string, string>>, ending: End, told: string): void {
    this.told = told;
    this.#sendHeader();
    this.world.send({ t: "Trailer", id: this.id, meta: { ...this.#trailer, ...meta } });
    this.#ended(ending);
  }

  #endWith(said: Said, ending: End, told: string): void {
    this.told = `! ${told}`;
    this.#sendHeader();
    this.world.send({ t: "Trailer", id: this.id, said, meta: { ...this.#trailer } });
    this.#ended(ending);
  }

  #endWithout(said: Said, ending: End): void {
    this.#sendHeader();
    this.world.send({ t: "Trailer", id: this.id, said });
    this.#ended(ending);
  }

  #ended(ending: End, readsOn = false): void {
    this.live = false;
    this.ending = ending;
    const line = showEnd(ending);
    this.told ??= `! ${line}`;
    this.aborts.push(line);
    if (!readsOn) this.reader.fail(ending);
    this.writer.fail(line);
    this.pumps.forEach((pump, index) => {
      if (pump === "pending") this.pumps[index] = `! ${line}`;
    });
  }

  serve(): void {
    this.reader.serve();
    if (this.#returning) this.#complete();
  }

  /** What the test must see. */
  get seen(): Record<string, unknown> {
    return {
      called: this.called,
      aborts: this.called ? this.aborts : [],
      reads: this.reader.outcomes,
      writes: this.writer.outcomes,
      pumps: this.pumps,
      errors: this.errors,
      draining: this.called && this.drains,
      trailerFaults: 0,
      ended: this.told === undefined ? [] : [this.told],
    };
  }
}

/** What observers are told of what is no Error. */
function toError(reason: unknown): unknown {
  return reason instanceof Error ? reason : new Error(String(reason));
}

const BIZ_TOLD = "! biz 7 no";
const BIZ_META = { "biz-status": "7", "biz-message": "no" };
