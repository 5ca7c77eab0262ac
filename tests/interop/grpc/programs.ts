import { hasGo, MissingGo, runGo } from "../harness/build.ts";

/** The programs of others that judge gRPC here: how they are built, started and ended. */

const GO_FOLDER = new URL("./go/", import.meta.url).pathname;
const PEER = new URL("./peer.ts", import.meta.url).pathname;
const START_MS = 20_000;
const STOP_MS = 8_000;

/** A program that serves. */
export interface ServerProgram {
  readonly hostname: string;
  readonly port: number;
  /** What it has said. */
  readonly log: () => string;
  /** Whether it still runs. */
  readonly alive: () => boolean;
  /** Sends a signal and waits for the end, with SIGKILL where it does not come. Gives the exit code. */
  stop(signal?: Deno.Signal): Promise<number>;
}

/** A command and its arguments. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** h2spec and the programs of grpc-go, in `go/build`. */
export async function buildJudges(log: (line: string) => void): Promise<void> {
  if (!await hasGo()) throw new MissingGo();
  log("building h2spec and grpc-go's interop programs");
  const programs = [
    ["h2spec", "github.com/summerwind/h2spec/cmd/h2spec"],
    ["grpc-client", "google.golang.org/grpc/interop/client"],
    ["grpc-server", "google.golang.org/grpc/interop/server"],
    ["compression", "./compression"],
  ];
  for (const [name, source] of programs) await runGo(GO_FOLDER, "build", "-o", `build/${name}`, `${source}`);
}

/** Builds a server of grpc-go's that echoes whatever is called. */
export async function buildGrpcGoEcho(log: (line: string) => void): Promise<string> {
  if (!await hasGo()) throw new MissingGo();
  log("building grpc-go's echo server");
  await runGo(GO_FOLDER, "build", "-o", "build/echo", "./echo");
  return `${GO_FOLDER}build/echo`;
}

/** The version of grpc-go that its programs are built with. */
export async function grpcGoVersion(): Promise<string> {
  const mod = await Deno.readTextFile(`${GO_FOLDER}go.mod`);
  return /google\.golang\.org\/grpc (v\S+)/.exec(mod)?.[1] ?? "of an unknown version";
}

/** A server of grpc-go's that tells of itself. @returns Its path. */
export async function buildReflection(log: (line: string) => void): Promise<string> {
  log("building grpc-go's server with reflection");
  await runGo(GO_FOLDER, "build", "-o", "build/reflection", "./reflection");
  return `${GO_FOLDER}build/reflection`;
}

/** A program that `buildJudges` has built. */
export function judge(name: string, ...args: readonly string[]): Program {
  return { command: `${GO_FOLDER}build/${name}`, args };
}

/** This library's peer. */
export function ownPeer(...args: readonly string[]): Program {
  return { command: Deno.execPath(), args: ["run", "-A", "--no-check", PEER, ...args] };
}

/** grpc-go's interop server: it tells of its port where it is asked to log. */
export function grpcGoServer(): Program {
  return {
    ...judge("grpc-server", "-port", "0"),
    env: { GRPC_GO_LOG_SEVERITY_LEVEL: "info", GRPC_GO_LOG_VERBOSITY_LEVEL: "0" },
  };
}

/** Starts a server and waits until it has printed `listening on …:PORT`. */
export async function startServer({ command, args, env = {} }: Program): Promise<ServerProgram> {
  const process = new Deno.Command(command, {
    args: [...args],
    env: { ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const listening = Promise.withResolvers<number>();
  let log = "";
  let alive = true;
  const read = async (stream: ReadableStream<Uint8Array>) => {
    for await (const piece of stream.pipeThrough(new TextDecoderStream())) {
      log = (log + piece).slice(-100_000);
      const port = /listening on \S*:(\d+)/.exec(log)?.[1];
      if (port !== undefined) listening.resolve(Number(port));
    }
  };
  const reading = [read(process.stdout), read(process.stderr)];
  const ended = process.status.then(async ({ code }) => {
    alive = false;
    await Promise.all(reading);
    listening.reject(new Error(`${command} ended with code ${code} before it listened:\n${log}`));
    return code;
  });
  const timer = setTimeout(
    () => listening.reject(new Error(`${command} does not listen:\n${log}`)),
    START_MS,
  );
  const stop = async (signal: Deno.Signal = "SIGTERM") => {
    if (alive) process.kill(signal);
    const kill = setTimeout(() => alive && process.kill("SIGKILL"), STOP_MS);
    const code = await ended;
    clearTimeout(kill);
    return code;
  };
  try {
    const port = await listening.promise;
    return { hostname: "127.0.0.1", port, log: () => log, alive: () => alive, stop };
  } catch (error) {
    await stop("SIGKILL");
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Runs a program to its end; the error says what it printed where that is not 0, or does not come in time.
 *
 * @param heard Told all that it has printed whenever that grows.
 */
export async function runProgram(
  { command, args, env = {} }: Program,
  timeoutMs = 30_000,
  heard: (output: string) => void = () => undefined,
): Promise<{ error?: string | undefined; output: string }> {
  const process = new Deno.Command(command, {
    args: [...args],
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const kill = setTimeout(() => process.kill("SIGKILL"), timeoutMs);
  let output = "";
  const read = async (stream: ReadableStream<Uint8Array>) => {
    for await (const piece of stream.pipeThrough(new TextDecoderStream())) heard(output += piece);
  };
  const [{ code, signal }] = await Promise.all([process.status, read(process.stdout), read(process.stderr)]);
  clearTimeout(kill);
  if (code === 0) return { output };
  const end = signal === null ? `exit code ${code}` : `${signal}, perhaps because ${timeoutMs} ms were over`;
  return { output, error: `${end}: ${output.trim()}` };
}
