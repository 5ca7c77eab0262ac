import { jsonLine } from "../cli/json_line.ts";
import type { Output } from "../cli/output.ts";
import type { Metadata } from "../core/metadata.ts";
import { defineService, type Method, type MethodKind } from "../core/service.ts";
import type { CallOptions } from "../rpc/client/call_options.ts";
import type { Call } from "../rpc/client/client_stream.ts";
import type { Connection } from "../rpc/client/connection.ts";
import { escapeHidden } from "../idl/hidden.ts";
import { type ClientMethod, createClient } from "../rpc/client/create_client.ts";
import type { CallableMethod } from "./catalog.ts";
import { allRequests, onlyRequest, type RequestError } from "./requests.ts";

/** While so many bytes of responses wait for whoever reads them, no more are read from the server. */
const MAX_PENDING_BYTES = 64 * 1024;

/** One call. */
export interface Invocation {
  readonly connection: Connection;
  readonly service: string;
  readonly method: CallableMethod;
  readonly data: readonly string[] | undefined;
  /** The lines of stdin; asked for only where requests stand there. */
  readonly lines: () => AsyncIterable<string>;
  readonly options: CallOptions;
  readonly stdout: Output;
  /** Where header and trailer go, where they are wanted. */
  readonly verbose: Output | undefined;
}

/**
 * Makes a call, and prints its responses.
 *
 * @throws {RequestError} If a request is wrong; nothing more is sent then.
 * @throws What the call has ended with.
 */
export async function invoke(invocation: Invocation): Promise<void> {
  const { options, data } = invocation;
  const { kind } = invocation.method.method;
  switch (kind) {
    case "unary": {
      const request = onlyRequest(data, invocation.method);
      const call = callerOf(invocation, kind)(request, options);
      await finish(invocation, call, async () => await print(invocation, await call));
      return;
    }
    case "server": {
      const request = onlyRequest(data, invocation.method);
      const call = callerOf(invocation, kind)(request, options);
      await finish(invocation, call, () => printAll(invocation, call));
      return;
    }
    case "client": {
      const call = callerOf(invocation, kind)(options);
      await sendWhile(invocation, call, async () => await print(invocation, await call.response));
      return;
    }
    case "bidirectional": {
      const call = callerOf(invocation, kind)(options);
      await sendWhile(invocation, call, () => printAll(invocation, call));
      return;
    }
  }
}

/** What calls the method, typed by its kind. */
function callerOf<K extends MethodKind>(
  { connection, service, method: { name, method } }: Invocation,
  kind: K,
): ClientMethod<Method<K, unknown, unknown>> {
  return createClient(defineService(service, { call: { ...method, kind, name } }), connection).call;
}

async function print({ stdout, method }: Invocation, message: unknown): Promise<void> {
  if (!method.hasResponse) return;
  stdout.line(jsonLine(message));
  // A reader that is slow slows the server down.
  if (stdout.pendingBytes > MAX_PENDING_BYTES) await stdout.written();
}

async function printAll(invocation: Invocation, messages: AsyncIterable<unknown>): Promise<void> {
  for await (const message of messages) await print(invocation, message);
}

/** Reads a call to its end, whichever that is, and tells what came beside its messages. */
async function finish(
  { verbose }: Invocation,
  call: Call,
  read: () => Promise<void>,
): Promise<void> {
  const told = verbose === undefined ? [] : [
    tell(verbose, "header", call.header),
    tell(verbose, "trailer", call.trailer),
  ];
  try {
    await read();
    await call.closed;
  } finally {
    await Promise.all(told);
  }
}

async function tell(output: Output, what: string, metadata: Promise<Metadata>): Promise<void> {
  try {
    for (const [key, value] of await metadata) {
      output.line(`${output.paint("dim", `${what} ${escapeHidden(key)}=`)}${escapeHidden(value)}`);
    }
  } catch {
    // The call ended without one: what ended it is said by the call itself.
  }
}

/** Sends the requests while the responses are read. A wrong request cancels the call, and is what is wrong. */
async function sendWhile(
  invocation: Invocation,
  call: Call & { sendAll(source: AsyncIterable<unknown>): Promise<void> },
  read: () => Promise<void>,
): Promise<void> {
  const { data, lines, method } = invocation;
  let wrong: RequestError | undefined;
  const requests = allRequests(data, lines, method, (error) => wrong = error);
  call.sendAll(requests).catch(() => {
    // The call ended before they did: reading says how.
  });
  try {
    await finish(invocation, call, read);
  } catch (error) {
    throw wrong ?? error;
  }
}
