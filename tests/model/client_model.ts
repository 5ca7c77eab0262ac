import { type End, end, endOfReason, type Reason, reasonOf, showEnd, showError } from "./ends.ts";
import type { Message, ModelFrame, Said } from "./frames.ts";
import { ReaderModel, type ReadStyle } from "./reader_model.ts";
import { WriterModel, type WriteStyle } from "./writer_model.ts";

export interface CallPlan {
  readonly reads: ReadStyle;
  readonly writes: WriteStyle;
  /** Whether `header`, `trailer` and `closed` are asked for at once, or only at the end. */
  readonly asks: "early" | "late";
  readonly timeoutMs?: number | undefined;
  readonly firstMessageTimeoutMs?: number | undefined;
  readonly recvTimeoutMs?: number | undefined;
  readonly cancelRemoteOnRecvTimeout: boolean;
  /** The handler of the stream with this id is the parent. */
  readonly parent?: number | undefined;
  readonly abortedBefore: boolean;
}

/** What a stream of the client may do with what is around it. */
export interface ClientWorld {
  now(): number;
  /** Counts the timers that are set: of those that fire at one time the first set is the first. */
  nextTimer(): number;
  readonly serviceName: string;
  send(frame: ModelFrame): void;
  /** The server has refused the stream because it shuts down. */
  drains(): void;
}

/** What a Trailer says whose payload is no exception. */
const UNREADABLE = "ReadMessageBegin: bad version";
const SOURCE_FAILED = "source";

/** What must be seen of a stream at the client. */
export class ClientModel {
  live = true;
  header = "pending";
  trailer = "pending";
  closed = "pending";
  readonly reader: ReaderModel;
  readonly writer: WriterModel;
  /** How each `sendAll()` has come out. */
  readonly pumps: string[] = [];
  /** Signals and time-outs count. */
  watched = true;
  /** When the whole stream is over time, and when the read that waits is. */
  readonly timeoutAt: number;
  readAt = Infinity;
  readonly timer: number;
  readTimer = 0;
  /** Which Header it was, and the stream that it was opened for. */
  key = 0;
  parentStream: { readonly ending: End | undefined; readonly called: boolean } | undefined;
  #begun = false;
  #open = true;
  #headerSeen = false;
  /** What writes say. */
  #writeEnd: string | undefined;

  constructor(readonly id: number, readonly plan: CallPlan, readonly world: ClientWorld) {
    this.reader = new ReaderModel(plan.reads);
    this.writer = new WriterModel(plan.writes);
    this.timer = world.nextTimer();
    this.timeoutAt = world.now() + (plan.timeoutMs ?? Infinity);
  }

  /** It is errored from the start, and nothing is sent. */
  refuse(error: End): void {
    this.#open = false;
    this.#ended(error);
    this.#fail(error);
  }

  get canHalfClose(): boolean {
    return this.plan.writes === "writer" && this.writer.open && this.#writeEnd === undefined &&
      !this.writer.closing;
  }

  /** Whether unread messages keep the ended stream in the connection's mind. */
  get lingers(): boolean {
    return !this.live && this.watched && this.reader.unread > 0;
  }

  read(): void {
    this.reader.read();
  }

  write(message: Message, congested: boolean): void {
    if (!this.writer.write(message, this.#refusal, congested)) return;
    this.world.send({ t: "Data", id: this.id, message });
  }

  get #refusal(): string | undefined {
    if (this.writer.closed) return this.#closedSend;
    return this.#writeEnd ?? (this.#open ? undefined : this.#closedSend);
  }

  get #closedSend(): string {
    return showEnd(end(12005, "stream is closed send", "client"));
  }

  sendAll(kind: "two" | "throws" | "stuck", messages: readonly Message[]): void {
    // A stream that has ended says its end, also to who has closed.
    const over = this.#writeEnd ?? (this.#open ? undefined : this.#closedSend);
    if (over !== undefined) {
      this.pumps.push(`! ${over}`);
      return;
    }
    if (kind === "stuck") {
      this.pumps.push("pending");
      return;
    }
    for (const message of messages) this.world.send({ t: "Data", id: this.id, message });
    if (kind === "two") {
      this.pumps.push("ok");
      this.#halfClose();
    } else {
      this.pumps.push(`! Error: ${SOURCE_FAILED}`);
      this.#cancel(end(12008, SOURCE_FAILED, "client"));
    }
  }

  close(): void {
    this.writer.closing = true;
    this.#closeIfWritten();
  }

  /** The writer's close waits behind what it has written. */
  #closeIfWritten(): void {
    if (!this.writer.closing || this.writer.waiting.length > 0) return;
    this.writer.closing = false;
    if (!this.writer.open) return;
    this.writer.closed = true;
    this.#halfClose();
  }

  #halfClose(): void {
    if (!this.#open) return;
    this.#open = false;
    this.world.send({ t: "Trailer", id: this.id });
  }

  cancel(reason: Reason): void {
    this.#cancel(endOfReason(reason, "client"));
  }

  dispose(): void {
    if (this.live || this.reader.owed) this.cancel("none");
  }

  leave(reason: Reason): void {
    if (!this.reader.leave()) return;
    this.cancel(this.plan.reads === "iterator" ? "none" : reason);
  }

  abort(reason: Reason): void {
    if (this.writer.abort(showError(reasonOf(reason)))) this.cancel(reason);
  }

  signal(reason: Reason): void {
    // abort() without a reason makes an AbortError.
    if (this.watched) this.cancel(reason);
  }

  parentEnded({ code, text, path }: End): void {
    if (this.watched) this.#cancel(end(code, text, "client", path));
  }

  receive(frame: ModelFrame): void {
    if (!this.live) return;
    switch (frame.t) {
      case "Header":
        if (this.#headerSeen) this.#cancel(end(12002, `stream[${this.id}] already set header`, "client"));
        else this.header = "ok";
        this.#headerSeen = true;
        return;
      case "Data":
        this.reader.push(frame.message);
        return;
      case "Trailer":
        return this.#receiveTrailer(endOfTrailer(frame.said, frame.meta, "client"), frame.said);
      case "Rst": {
        const error = endOfRst(frame.said, frame.meta, "client");
        this.#ended(error);
        this.#fail(error);
        return;
      }
      case "Meta":
        return;
    }
  }

  #receiveTrailer(how: "well" | End, said: Said | undefined): void {
    if (this.#open) this.#halfClose();
    this.header = "ok";
    this.trailer = "ok";
    this.live = false;
    this.reader.finish(how);
    if (how === "well") {
      this.closed = "ok";
      this.writer.refuse(this.#closedSend);
      this.#endPumps(this.#closedSend);
    } else {
      this.closed = `! ${showEnd(how)}`;
      this.#failWrites(how);
      if (typeof said === "object" && said.message === "server is shutting down") this.world.drains();
    }
    if (this.reader.unread === 0 || !this.reader.owed) this.watched = false;
    // Nobody has begun to read: it does not count any more.
    if (!this.reader.taken) this.reader.uncounted = true;
  }

  /** The connection is gone. */
  lose(error: End): void {
    this.watched = false;
    if (!this.live) return;
    this.#open = false;
    this.reader.finish(error);
    this.#ended(error);
    this.#failWrites(error);
  }

  #cancel(error: End): void {
    if (this.live) {
      const path = [...error.path, this.world.serviceName].join(",");
      const said = { type: error.code, message: error.text };
      this.world.send({ t: "Rst", id: this.id, said, meta: { ttscp: path } });
      if (this.#open) this.world.send({ t: "Trailer", id: this.id });
      this.#open = false;
      this.#ended(error);
    }
    this.#fail(error);
  }

  /** What is told beside the messages. */
  #ended(error: End): void {
    const line = `! ${showEnd(error)}`;
    this.live = false;
    if (this.header === "pending") this.header = line;
    if (this.trailer === "pending") this.trailer = line;
    if (this.closed === "pending") this.closed = line;
  }

  /** Both directions error at once. */
  #fail(error: End): void {
    this.watched = false;
    this.reader.fail(error);
    this.#failWrites(error);
  }

  #failWrites(error: End): void {
    // A stream that the server has ended well says that it is closed, whatever comes after.
    if (this.closed === "ok") return;
    this.#writeEnd ??= showEnd(error);
    this.writer.fail(this.#writeEnd);
    this.#endPumps(this.#writeEnd);
  }

  #endPumps(error: string): void {
    this.pumps.forEach((pump, index) => {
      if (pump === "pending") this.pumps[index] = `! ${error}`;
    });
  }

  /** What has come reaches whoever waits for it. */
  serve(): void {
    const before = this.reader.outcomes.filter((outcome) => outcome !== "pending").length;
    if (this.reader.serve() && !this.live) this.watched = false;
    if (!this.live && this.reader.over) this.watched = false;
    const served = this.reader.outcomes.filter((outcome) => outcome !== "pending").length > before;
    if (this.reader.outcomes.some((outcome) => outcome.endsWith("bytes"))) this.#begun = true;
    if (served) this.readAt = Infinity;
    if (!this.reader.waits) this.readAt = Infinity;
    else if (this.readAt === Infinity) {
      const { firstMessageTimeoutMs, recvTimeoutMs } = this.plan;
      this.readAt = this.world.now() +
        ((this.#begun ? recvTimeoutMs : firstMessageTimeoutMs ?? recvTimeoutMs) ?? Infinity);
      this.readTimer = this.world.nextTimer();
      this.#readMs = this.readAt - this.world.now();
    }
    this.#closeIfWritten();
  }

  #readMs = 0;

  timedOut(): void {
    if (this.watched) {
      this.#cancel(end(12015, `stream timeout, timeout in ctx: ${this.plan.timeoutMs}ms`, "client"));
    }
  }

  readTimedOut(): void {
    if (!this.reader.waits) return;
    const { cancelRemoteOnRecvTimeout } = this.plan;
    const config = `{Timeout:${this.#readMs}ms DisableCancelRemote:${!cancelRemoteOnRecvTimeout}}`;
    const error = end(12014, `stream Recv timeout, timeout config=${config}`, "client");
    this.readAt = Infinity;
    if (cancelRemoteOnRecvTimeout) this.#cancel(error);
    else this.reader.fail(error);
  }

  /** What the test must see. */
  get seen(): Record<string, unknown> {
    const asks = this.plan.asks === "early";
    return {
      header: asks ? this.header : "",
      trailer: asks ? this.trailer : "",
      closed: asks ? this.closed : "",
      reads: this.reader.outcomes,
      writes: this.writer.outcomes,
      pumps: this.pumps,
      listeners: this.watched ? 1 : 0,
      ended: this.closed === "pending" ? [] : [this.closed],
    };
  }
}

/** What a Trailer says. */
export function endOfTrailer(
  said: Said | undefined,
  meta: Readonly<Record<string, string>> | undefined,
  side: "client" | "server",
): "well" | End {
  if (said === "junk") return end(12004, UNREADABLE, side);
  if (said !== undefined) return end(12001, said.message, side);
  const status = meta?.["biz-status"];
  if (status === undefined || status === "0") return "well";
  const extra = meta?.["biz-extra"];
  if (extra === "{") return end(12003, "malformed header info, extra: {", side);
  return end(0, `${status} ${meta?.["biz-message"]}`);
}

/** What a Rst says. */
export function endOfRst(
  said: Said | undefined,
  meta: Readonly<Record<string, string>> | undefined,
  side: "client" | "server",
): End {
  const path = meta?.["ttscp"]?.split(",") ?? [];
  if (said === undefined || said === "junk") return end(13, "rst", side, path);
  return end(said.type, said.message, side, path);
}
