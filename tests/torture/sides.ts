import {
  BizStatusError,
  type CallOptions,
  type Client,
  type ClientStream,
  type Handler,
  implement,
  type ServerStream,
  TTStreamError,
} from "../../mod.ts";
import { type SideLog, sideLog, type StreamLog } from "./log.ts";
import { CODEC_FAULT, type Message, Torture } from "./messages.ts";
import type { SidePlan } from "./plan.ts";
import { turns } from "../support/turns.ts";

/** Waits for `promise`, and lets the log say so meanwhile. */
async function noting<T>(log: SideLog, what: string, promise: PromiseLike<T>): Promise<T> {
  log.waits += ` ${what}`;
  try {
    return await promise;
  } finally {
    log.waits = log.waits.replace(` ${what}`, "");
  }
}

/** Reads in order, as far as the plan says, and notes how it ended. */
async function readAll(
  plan: SidePlan,
  log: SideLog,
  reader: ReadableStreamDefaultReader<Message>,
): Promise<void> {
  try {
    while (log.read < plan.reads) {
      const { done, value } = await noting(log, "read", reader.read());
      if (done) {
        log.readEnd ??= "end";
        return;
      }
      if (value.seq !== log.read) throw new RangeError(`message ${value.seq} came as number ${log.read}`);
      log.read++;
      if (plan.readTurns > 0) await turns(plan.readTurns);
    }
    log.readEnd ??= "left";
    await noting(log, "cancel", reader.cancel(new Error("read enough")));
  } catch (error) {
    log.readEnd ??= { error };
  }
}

/** Writes in order until it fails, and notes how far it came. */
async function writeAll(
  plan: SidePlan,
  log: SideLog,
  writer: WritableStreamDefaultWriter<Message>,
  waits = true,
): Promise<void> {
  for (const message of plan.writes) {
    log.issued++;
    const writing = writer.write(message).then(() => {
      log.written++;
      return true;
    }, () => false);
    if (!waits) continue;
    if (!await noting(log, "write", writing)) return;
    if (plan.writeTurns > 0) await turns(plan.writeTurns);
  }
}

/** Runs one stream at the client to its end, whatever that is. Never rejects. */
export async function runClient(client: Client<typeof Torture.methods>, log: StreamLog): Promise<void> {
  const { plan: { index, method, client: plan }, client: seen } = log;
  const controller = new AbortController();
  const options: CallOptions = {
    metadata: { index: String(index) },
    signal: controller.signal,
    timeoutMs: plan.timeoutMs,
    recvTimeoutMs: plan.recvTimeoutMs,
  };
  const work: Promise<void>[] = [];
  let call: Pick<ClientStream, "header" | "trailer"> & AsyncDisposable;
  let reader: ReadableStreamDefaultReader<Message> | undefined;
  let writer: WritableStreamDefaultWriter<Message> | undefined;
  switch (method) {
    case "chat":
    case "fastChat": {
      const stream = client[method](options);
      call = stream;
      reader = stream.readable.getReader();
      writer = stream.writable.getWriter();
      break;
    }
    case "list": {
      const stream = client.list({ seq: 0, size: 10 }, options);
      call = stream;
      reader = stream.readable.getReader();
      break;
    }
    case "join": {
      const stream = client.join(options);
      call = stream;
      writer = stream.writable.getWriter();
      work.push(
        noting(seen, "response", stream.response).then(() => {
          seen.readEnd ??= "end";
        }, (error) => {
          seen.readEnd ??= { error };
        }),
      );
      break;
    }
  }
  if (reader !== undefined) work.push(readAll(plan, seen, reader));
  const write = async () => {
    if (writer === undefined) return;
    await writeAll(plan, seen, writer);
    if (plan.closes || plan.act === "none") await noting(seen, "close", writer.close().catch(() => {}));
  };
  work.push(write());
  const act = async () => {
    await turns(plan.actTurns);
    switch (plan.act) {
      case "none":
        return;
      case "signal":
        return controller.abort(new Error("no more"));
      case "plain signal":
        return controller.abort();
      case "cancel":
        seen.readEnd ??= "left";
        await noting(seen, "cancel", reader?.cancel("enough").catch(() => {}) ?? Promise.resolve());
        return controller.abort();
      case "abort":
        await noting(seen, "abort", writer?.abort("enough").catch(() => {}) ?? Promise.resolve());
        return controller.abort();
      case "dispose":
        await noting(seen, "dispose", call[Symbol.asyncDispose]());
        return;
    }
  };
  work.push(act());
  await Promise.all(work);
  await noting(seen, "header", call.header.catch(() => {}));
  try {
    await noting(seen, "trailer", call.trailer);
    log.client.trailer = "came";
  } catch (error) {
    log.client.trailer = { error };
  }
  await noting(seen, "dispose", call[Symbol.asyncDispose]());
}

type Streaming = Pick<ServerStream<Message, Message>, "metadata" | "signal" | "writable">;

/** The handlers, which do what the stream's plan says. */
export function handlerOf(logs: readonly StreamLog[]): Handler {
  const begin = ({ metadata, signal }: Streaming) => {
    const log = logs[Number(metadata.get("index"))];
    if (log === undefined) throw new Error("a stream without a plan");
    const seen: NonNullable<StreamLog["server"]> = { ...sideLog(), did: undefined, reason: undefined };
    log.server = seen;
    const note = () => seen.reason = signal.reason;
    if (signal.aborted) note();
    else signal.addEventListener("abort", note, { once: true });
    return { plan: log.plan.server, seen };
  };
  const ended = (signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener("abort", () => resolve(), { once: true });
    });
  const end = async (stream: Streaming, plan: StreamLog["plan"]["server"], seen: StreamLog["server"]) => {
    if (seen === undefined) return;
    if (plan.act === "hang") await noting(seen, "signal", ended(stream.signal));
    seen.did ??= plan.act;
    if (plan.act === "throw") throw new Error("thrown");
    if (plan.act === "biz error") throw new BizStatusError(7, "thrown");
  };
  const write = async (
    stream: Streaming,
    plan: StreamLog["plan"]["server"],
    seen: NonNullable<StreamLog["server"]>,
  ) => {
    const writer = stream.writable.getWriter();
    const waits = plan.act !== "leave writes";
    await writeAll(plan, seen, writer, waits);
    if (plan.act === "abort") {
      seen.did ??= "abort";
      await noting(seen, "abort", writer.abort(new Error("aborted")).catch(() => {}));
    }
  };
  const chat = async (stream: ServerStream<Message, Message>) => {
    const { plan, seen } = begin(stream);
    const reading = readAll(plan, seen, stream.readable.getReader());
    await write(stream, plan, seen);
    // A handler that returns does not wait for the client: the library ends its reading.
    if (plan.act === "hang") await reading;
    await end(stream, plan, seen);
  };
  return implement(Torture, {
    chat,
    fastChat: chat,
    async list(_request, stream) {
      const { plan, seen } = begin(stream);
      await write(stream, plan, seen);
      await end(stream, plan, seen);
    },
    async join(stream) {
      const { plan, seen } = begin({ ...named(stream), writable: new WritableStream() });
      await readAll(plan, seen, stream.readable.getReader());
      await end({ ...named(stream), writable: new WritableStream() }, plan, seen);
      return { seq: 0, size: 3 };
    },
  });
}

function named({ metadata, signal }: Omit<Streaming, "writable">): Omit<Streaming, "writable"> {
  return { metadata, signal };
}

/** Whether an error is one that a plan makes. */
export function isPlanned(error: unknown): boolean {
  if (error instanceof TTStreamError || error instanceof BizStatusError) return true;
  return error instanceof Error && [CODEC_FAULT, "thrown", "aborted"].includes(error.message);
}
