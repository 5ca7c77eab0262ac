import { BizStatusError } from "../../../mod.ts";
import type { Body, Call, Op } from "../script.ts";
import { emit, explain, type Fields } from "./events.ts";
import type { Message } from "./messages.ts";

/** Bounds everything that could wait for ever, as the Kitex peer does. */
export const LIMIT_MS = 20_000;

/** How a read went: a message, the end, or an error. */
export type Read = { message: Message } | { end: true } | { error: unknown };

/** One end of a stream while its script runs. */
export interface End {
  readonly caseId: string;
  readonly node: string;
  readonly role: "client" | "server" | "";
  readonly lane?: string | undefined;
  readonly quiet: boolean;
  readonly signal: AbortSignal;
  readonly send: (message: Message) => Promise<void>;
  readonly recv: () => Promise<Message | undefined>;
  /** The ops of this side alone; false where it does not know one. */
  readonly more: (end: End, op: Op) => Promise<boolean>;
  /** Of a call made by a handler: the handler's end. */
  readonly up?: End | undefined;
  /** The last error the script met, shared by its lanes. */
  readonly last: { error?: unknown };
  /** Makes a call for this end. */
  readonly call: (end: End, call: Call) => Promise<void>;
}

/** What a script throws in the place of a panic. */
export class Panic extends Error {}

export function tell(end: End, event: string, fields: Fields = {}, ...failure: [error?: unknown]): void {
  if (failure.length > 0) end.last.error = failure[0];
  if (end.quiet) return;
  emit({
    case: end.caseId,
    node: end.node,
    role: end.role,
    ...(end.lane === undefined ? {} : { lane: end.lane }),
    ev: event,
    ...fields,
    ...(failure.length > 0 ? explain(failure[0]) : {}),
  });
}

/** Does something and tells how it went. */
export async function attempt(
  end: End,
  event: string,
  action: () => unknown,
  fields: Fields = {},
): Promise<void> {
  try {
    await action();
  } catch (error) {
    return tell(end, event, fields, error);
  }
  tell(end, event, fields);
}

/** Runs a script to its end; it throws what the handler is to throw. */
export async function play(end: End, ops: readonly Op[]): Promise<void> {
  for (const op of ops) await step(end, op);
}

async function step(end: End, op: Op): Promise<void> {
  const target = "up" in op && op.up === true && end.up !== undefined ? end.up : end;
  const up = target === end ? {} : { up: true };
  switch (op.do) {
    case "send": {
      const { sent, error } = await sendMany(target, op, op.n ?? 1, op.everyMs);
      return tell(end, "send", { n: sent, ...up }, ...error);
    }
    case "sendSizes":
      return await attempt(end, "sendSizes", async () => {
        for (const size of op.sizes) await target.send(message({ size }));
      });
    case "flood": {
      const { error } = await sendMany(target, op, op.n ?? Infinity, op.everyMs);
      return tell(end, "flood", {}, ...error);
    }
    case "recv":
      for (let i = 0; i < (op.n ?? 1); i++) {
        const read = await readFrom(target);
        if ("message" in read) tell(end, "recv", { ...told(read.message), ...up });
        else return tellEnd(end, "recv", read, up);
      }
      return;
    case "drain": {
      const { n, bytes, last } = await drain(target);
      return tellEnd(end, "drain", last, op.loose ? {} : { n, bytes });
    }
    case "sum": {
      const { bytes, last } = await drain(target);
      tellEnd(end, "sum", last, { total: bytes });
      if (!("end" in last)) return;
      return await attempt(end, "send", () => target.send({ ...message({}), number: BigInt(bytes) }), {
        n: 1,
        ...up,
      });
    }
    case "echo":
      return await copy(end, "echo", end, end, op.loose === true);
    case "relay":
      return await copy(end, "relay", end, end.up ?? end, op.loose === true);
    case "sleep":
      return await pause(op.ms);
    case "lanes":
      await Promise.all(op.lanes.map((ops, i) => play({ ...end, lane: (end.lane ?? "") + String(i) }, ops)));
      return;
    case "done":
      await Promise.race([aborted(target.signal), pause(LIMIT_MS)]);
      if (target.signal.aborted) return tell(end, "done", {}, target.signal.reason);
      return tell(end, "done", { stuck: true });
    case "call":
      return await end.call(end, op.call);
    case "fail":
      throw new Error(op.text ?? "");
    case "panic":
      throw new Panic(op.text ?? "");
    case "failWithLast":
      throw end.last.error;
    case "biz":
      throw new BizStatusError(op.code, op.text ?? "", op.extra);
    default:
      if (!await end.more(end, op)) tell(end, `unknown op ${op.do}`);
  }
}

async function sendMany(
  target: End,
  body: Body,
  n: number,
  everyMs = 0,
): Promise<{ sent: number; error: [unknown?] }> {
  let sent = 0;
  try {
    for (; sent < n; sent++) {
      await target.send(message(body));
      if (everyMs > 0) await pause(everyMs);
    }
  } catch (error) {
    return { sent, error: [error] };
  }
  return { sent, error: [] };
}

async function readFrom(end: End): Promise<Read> {
  try {
    const message = await end.recv();
    return message === undefined ? { end: true } : { message };
  } catch (error) {
    return { error };
  }
}

async function drain(
  end: End,
): Promise<{ n: number; bytes: number; last: Exclude<Read, { message: Message }> }> {
  let [n, bytes] = [0, 0];
  for (let read = await readFrom(end);; read = await readFrom(end)) {
    if (!("message" in read)) return { n, bytes, last: read };
    n++;
    bytes += read.message.blob.length;
  }
}

async function copy(end: End, event: string, from: End, to: End, loose: boolean): Promise<void> {
  for (let n = 0;; n++) {
    const fields = loose ? {} : { n };
    const read = await readFrom(from);
    if (!("message" in read)) return tellEnd(end, event, read, fields);
    try {
      await to.send(read.message);
    } catch (error) {
      return tell(end, `${event} send`, fields, error);
    }
  }
}

function tellEnd(end: End, event: string, read: Exclude<Read, { message: Message }>, fields: Fields): void {
  if ("end" in read) tell(end, event, { ...fields, end: true });
  else tell(end, event, fields, read.error);
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    Deno.unrefTimer(setTimeout(resolve, ms));
  });
}

export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

export function message({ text = "", number = 0, size = 0 }: Body): Message {
  const blob = new Uint8Array(size);
  for (let i = 0; i < size; i++) blob[i] = i % 251;
  return { text, number: BigInt(number), blob };
}

export function told({ text, number, blob }: Message): Fields {
  const damage = damaged(blob);
  return {
    text,
    number: Number(number),
    blob: blob.length,
    ...(damage === undefined ? {} : { damaged: damage }),
  };
}

/** Where a blob is not what `message` made, in words. A loop: with a callback for each byte 8 MiB take long. */
function damaged(blob: Uint8Array): string | undefined {
  for (let i = 0; i < blob.length; i++) {
    if (blob[i] !== i % 251) return `byte ${i} is ${blob[i]}`;
  }
  return undefined;
}
