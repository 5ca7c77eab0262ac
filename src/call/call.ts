import { escapeHidden } from "../idl/hidden.ts";
import { reasonText } from "../base/reason.ts";
import { linesOf } from "../cli/lines.ts";
import { INTERRUPTED, type Program, WRONG_USAGE } from "../cli/program.ts";
import { UsageError } from "../cli/usage.ts";
import { grpc } from "../grpc/protocol.ts";
import { connect } from "../rpc/client/connect.ts";
import type { Connection } from "../rpc/client/connection.ts";
import type { CallableMethod, Catalog } from "./catalog.ts";
import { endingOf, ExitCode } from "./ending.ts";
import { idlCatalog } from "./idl_catalog.ts";
import { invoke } from "./invoke.ts";
import { list } from "./list.ts";
import { type CallCommandOptions, HELP, readOptions } from "./options.ts";
import { readRequest, RequestError } from "./requests.ts";

/** How long a connection may take, in milliseconds, where `--timeout` is not shorter. */
const CONNECT_TIMEOUT_MS = 5_000;

const PEM_CERTIFICATE = "-----BEGIN CERTIFICATE-----";
/** How long a server may take to let a connection go whose call has ended, in milliseconds. */
const LEAVE_MS = 500;

/** Runs the command. @returns Its exit code. */
export async function call(program: Program): Promise<number> {
  const { args, stdout, stderr, interrupted } = program;
  const options = readOptions(args);
  if (options === undefined) {
    stdout.line(HELP);
    return ExitCode.Ok;
  }
  const { text, code } = await outcome(program, options);
  // What somebody who has left wanted is there.
  if (stdout.broken.aborted && !interrupted.aborted) return ExitCode.Ok;
  if (text !== undefined) stderr.line(`call: ${text}`);
  return interrupted.aborted ? INTERRUPTED : code;
}

/** What the command has done: its exit code, and what is to be said of it. */
interface Outcome {
  readonly code: number;
  readonly text?: string;
}

/** What a call begins with: as much as an IDL tells before there is a connection. */
interface Known {
  readonly catalog: Catalog;
  readonly method: CallableMethod | undefined;
}

async function outcome(program: Program, options: CallCommandOptions): Promise<Outcome> {
  let known: Known | undefined;
  try {
    known = await readIdls(program, options);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    // What is wrong with an IDL names its place, what is wrong with a request what is wanted.
    return { code: WRONG_USAGE, text: reasonText(error) };
  }
  if (options.target === undefined && known !== undefined) {
    await list(known.catalog, program.stdout);
    return { code: ExitCode.Ok };
  }
  let connection: Connection;
  try {
    connection = await connectTo(program, options);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    return { code: ExitCode.CannotConnect, text: reasonText(error) };
  }
  try {
    await work(program, options, connection, known);
    return { code: ExitCode.Ok };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    if (error instanceof RequestError) return { code: WRONG_USAGE, text: error.message };
    const { code, text } = endingOf(error);
    return { code, text: escapeHidden(text) };
  } finally {
    await leave(connection);
  }
}

/**
 * Closes the connection. A server that hangs does not answer to that either, and must not keep the command: what is left
 * of the connection then ends with the process.
 */
async function leave(connection: Connection): Promise<void> {
  const { promise: enough, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, LEAVE_MS);
  await Promise.race([connection.close(), enough]);
  clearTimeout(timer);
}

/** What is wrong with the arguments is found before anybody is connected to. */
async function readIdls(
  { readText }: Program,
  { idls, includeDirs, target, data }: CallCommandOptions,
): Promise<Known | undefined> {
  if (idls.length === 0) return undefined;
  const catalog = idlCatalog(idls, includeDirs, readText);
  if (target === undefined) return { catalog, method: undefined };
  const method = await findMethod(catalog, target.service, target.method);
  for (const text of data ?? []) readRequest(text, "--data", method);
  return { catalog, method };
}

function connectTo(
  { readText, interrupted }: Program,
  { address, protocol, tls, caFile, timeoutMs = CONNECT_TIMEOUT_MS, name }: CallCommandOptions,
): Promise<Connection> {
  const ca = caFile === undefined ? undefined : readText(caFile);
  if (caFile !== undefined && ca === undefined) throw new UsageError(`--ca: there is no file ${caFile}`);
  // What is no certificate would be passed over, and the server's alone be blamed.
  if (ca?.includes(PEM_CERTIFICATE) === false) throw new UsageError(`--ca: no PEM certificate in ${caFile}`);
  const options = {
    protocol: protocol === "grpc" ? grpc() : undefined,
    serviceName: name,
    signal: interrupted,
    connectTimeoutMs: Math.min(timeoutMs, CONNECT_TIMEOUT_MS),
  };
  if (address === undefined) throw new UsageError("expected HOST:PORT");
  if ("path" in address) return connect({ ...options, path: address.path });
  return connect({ ...options, ...address, tls: ca === undefined ? tls : { caCerts: [ca] } });
}

async function work(
  { stdin, stdout, stderr, interrupted }: Program,
  options: CallCommandOptions,
  connection: Connection,
  known: Known | undefined,
): Promise<void> {
  const signal = AbortSignal.any([interrupted, stdout.broken]);
  // Its descriptors need protobuf, which a call with an IDL does not load.
  const catalog = known?.catalog ??
    await (await import("./reflection.ts")).reflectionCatalog(connection, signal, options.timeoutMs);
  if (options.target === undefined) return await list(catalog, stdout);
  const { service, method } = options.target;
  await invoke({
    connection,
    service,
    method: known?.method ?? await findMethod(catalog, service, method),
    data: options.data,
    lines: () => linesOf(stdin),
    options: {
      signal,
      metadata: options.metadata,
      metainfo: { persistent: options.metainfo, transient: options.transient },
      timeoutMs: options.timeoutMs,
    },
    stdout,
    verbose: options.verbose ? stderr : undefined,
  });
}

async function findMethod(catalog: Catalog, service: string, method: string): Promise<CallableMethod> {
  const found = await catalog.find(service);
  if (found === undefined) {
    // They may be a server's own.
    const names = escapeHidden((await catalog.names()).join(", ")) || "none";
    throw new UsageError(`there is no service "${service}", only ${names}`);
  }
  const callable = found.methods.find(({ name }) => name === method);
  if (callable !== undefined) return callable;
  const names = escapeHidden(found.methods.map(({ name }) => name).join(", ")) || "none";
  throw new UsageError(`${service} has no method "${method}", only ${names}`);
}
