import { BizStatusError, TTStreamError } from "../../mod.ts";
import type { HandlerAct, StreamPlan } from "./plan.ts";

/** How reading ended: well, because the reader left, or with an error. */
export type ReadEnd = "end" | "left" | { readonly error: unknown };

/** What one end saw. */
export interface SideLog {
  /** Messages handed to the stream, and those of them whose write resolved. */
  issued: number;
  written: number;
  read: number;
  readEnd: ReadEnd | undefined;
  /** A promise that has not settled yet, for whoever waits in vain. */
  waits: string;
}

export interface StreamLog {
  readonly plan: StreamPlan;
  readonly client: SideLog & { trailer: "came" | { readonly error: unknown } | undefined };
  /** `undefined` where the handler never ran. */
  server: (SideLog & { did: HandlerAct | undefined; reason: unknown }) | undefined;
}

export function sideLog(): SideLog {
  return { issued: 0, written: 0, read: 0, readEnd: undefined, waits: "" };
}

/** What may have happened to the streams of a connection beside their own plans. */
export interface Circumstances {
  /** The connection may have ended before the streams. */
  readonly cut: boolean;
  /** Later streams may have been refused. */
  readonly closed: boolean;
  /** The server may have been shut down. */
  readonly shutdown: boolean;
  /** Strange frames were sent for streams. */
  readonly tampered: boolean;
}

function errorOf(end: ReadEnd | "came" | undefined): unknown {
  return typeof end === "object" ? end.error : undefined;
}

function codeOf(error: unknown): number | undefined {
  return error instanceof TTStreamError ? error.code : undefined;
}

/** The codes that a client cancels with, as its plan makes it. */
const CANCELS = [12007, 12008, 12014, 12015, 12002];

/** Whether a codec may fail the handler. */
function codecFails({ client, server }: StreamPlan): boolean {
  return client.writes.some(({ fault }) => fault === "decode") ||
    server.writes.some(({ fault }) => fault === "encode");
}

/** A log in a few lines. */
export function show({ plan, client, server }: StreamLog): string {
  const briefly = (value: unknown): string => {
    if (value instanceof Error) return `${value}`.slice(0, 120);
    if (Array.isArray(value)) return `[${value.map(({ size, fault }) => `${size}${fault ?? ""}`)}]`;
    if (typeof value !== "object" || value === null) return String(value);
    return `{ ${Object.entries(value).map(([key, inner]) => `${key}: ${briefly(inner)}`).join(", ")} }`;
  };
  return [plan, client, server].map((part) => `    ${briefly(part)}`).join("\n");
}

/** The ways in which a stream ended, as its two ends saw them. */
export function endsOf({ client, server }: StreamLog): string[] {
  const ends = [client.readEnd, client.trailer, server?.readEnd].filter((end) => end !== undefined);
  if (server?.reason !== undefined) ends.push({ error: server.reason });
  return ends.map((end) => {
    if (typeof end === "string") return end;
    return end.error instanceof BizStatusError ? "business error" : String(codeOf(end.error));
  });
}

/** What is wrong with what the two ends saw, by the table of ends; nothing where they agree. */
export function disagreements({ plan, client, server }: StreamLog, circumstances: Circumstances): string[] {
  const wrong: string[] = [];
  const expect = (holds: boolean, what: string) => {
    if (!holds) wrong.push(what);
  };
  const { cut, closed, shutdown, tampered } = circumstances;
  const readError = errorOf(client.readEnd);
  const failure = errorOf(client.trailer);
  const reason = server?.reason;
  const reads = plan.method !== "join";

  if (client.readEnd === "end" && reads) {
    expect(server !== undefined, "a clean end without a handler");
    expect(codeOf(reason) === 12012, `a clean end at the client, at the server ${reason}`);
    expect(
      client.read === server?.written,
      `a clean end after ${client.read} of ${server?.written} messages`,
    );
  }
  if (server?.readEnd === "end") {
    const sent = plan.method === "list" ? 1 : client.written;
    expect(server.read === sent, `the server read a clean end after ${server.read} of ${sent} messages`);
  }
  if (readError instanceof BizStatusError) {
    expect(server?.did === "biz error", `a business error of a handler that did ${server?.did}`);
  }
  if (codeOf(readError) === 12001 && reads && server !== undefined) {
    const failed = server.did === "throw" || server.did === "abort" || codecFails(plan);
    expect(failed || shutdown || tampered, `${readError} of a handler that did ${server.did}`);
    expect(
      tampered || (client.read >= server.written && client.read <= server.issued),
      `a failed handler had written ${server.written} to ${server.issued} messages, the client read ${client.read}`,
    );
  }
  if (failure instanceof TTStreamError && CANCELS.includes(failure.code) && server !== undefined) {
    const same = codeOf(reason) === failure.code;
    const endedFirst = (server.did !== undefined && server.did !== "hang") || codecFails(plan);
    expect(
      same || endedFirst || tampered || (cut && codeOf(reason) === 12013),
      `the client cancelled with ${failure}, the server read ${reason}`,
    );
  }
  if (reason instanceof TTStreamError && reason.cancelPath.length > 0) {
    const same = failure instanceof TTStreamError && failure.code === reason.code &&
      failure.description === reason.description;
    expect(same || tampered, `the server was cancelled with ${reason}, the client has ${failure}`);
    expect(String(reason.cancelPath) === "Client", `the cancel path ${reason.cancelPath}`);
  }
  const refused = closed && server === undefined;
  expect(
    cut || refused || codeOf(failure) !== 12006,
    `the client lost a connection that was not cut: ${failure}`,
  );
  expect(
    cut || tampered || codeOf(reason) !== 12013,
    `the server lost a connection that was not cut: ${reason}`,
  );
  expect(
    tampered || (codeOf(failure) !== 12002 && codeOf(reason) !== 12002),
    "a second Header out of nowhere",
  );
  return wrong;
}
