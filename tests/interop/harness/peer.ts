import type { Command } from "../script.ts";

/** One line of a peer's output. */
export interface PeerEvent {
  readonly case?: string;
  readonly node?: string;
  readonly role?: string;
  readonly ev: string;
  readonly [field: string]: unknown;
}

/** A peer process: a server, and a client that takes commands. */
export interface Peer {
  readonly address: string;
  /** Where it serves without a codec; the same where it has no such server. */
  readonly plainAddress: string;
  /** Where it serves gRPC; the same where one port serves every protocol. */
  readonly grpcAddress: string;
  /** Everything that it said on stderr. */
  readonly log: () => string;
  /** Has it perform a call; every event of that case, at this peer, goes to `listener`. */
  perform(command: Command): Promise<void>;
  listen(caseId: string, listener: (event: PeerEvent) => void): void;
  forget(caseId: string): void;
  close(): Promise<void>;
}

const START_MS = 20_000;
const STOP_MS = 3_000;

/** Starts a peer and waits until it listens. */
export async function startPeer(name: string, command: string, args: readonly string[] = []): Promise<Peer> {
  const process = new Deno.Command(command, {
    args: [...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const listeners = new Map<string, (event: PeerEvent) => void>();
  const listening = Promise.withResolvers<Pick<Peer, "address" | "plainAddress" | "grpcAddress">>();
  let log = "";

  const reading = lines(process.stdout, (line) => {
    const event = parse(line);
    if (event === undefined) log += `stdout: ${line}\n`;
    else if (event.ev === "listening") {
      const address = String(event.address);
      listening.resolve({
        address,
        plainAddress: String(event.plainAddress ?? address),
        grpcAddress: String(event.grpcAddress ?? address),
      });
    } else if (event.case !== undefined) listeners.get(event.case)?.(event);
  });
  const logging = lines(process.stderr, (line) => log += `${line}\n`);
  const status = process.status.then((status) => {
    listening.reject(new Error(`${name} ended with code ${status.code} before it listened:\n${log}`));
    for (const [id, listener] of listeners) listener({ case: id, ev: "died", code: status.code, log });
    return status;
  });
  const timer = setTimeout(() => listening.reject(new Error(`${name} does not listen:\n${log}`)), START_MS);
  const stdin = process.stdin.getWriter();
  const encoder = new TextEncoder();

  try {
    const addresses = await listening.promise;
    return {
      ...addresses,
      log: () => log,
      perform: async (command) => {
        try {
          await stdin.write(encoder.encode(JSON.stringify(command) + "\n"));
        } catch { // its pipe is closed: every case that it is still to play says that it died
          const { code } = await status;
          listeners.get(command.case)?.({ case: command.case, ev: "died", code, log });
        }
      },
      listen: (caseId, listener) => void listeners.set(caseId, listener),
      forget: (caseId) => void listeners.delete(caseId),
      close: async () => {
        const kill = setTimeout(() => process.kill("SIGKILL"), STOP_MS);
        listeners.clear();
        await stdin.close().catch(() => undefined); // it may have died
        await Promise.all([status, reading, logging]);
        clearTimeout(kill);
      },
    };
  } catch (error) {
    process.kill("SIGKILL");
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function lines(stream: ReadableStream<Uint8Array>, take: (line: string) => void): Promise<void> {
  let rest = "";
  for await (
    const piece of stream.pipeThrough(new TextDecoderStream())
  ) {
    const parts = (rest + piece).split("\n");
    rest = parts.pop() ?? "";
    parts.forEach(take);
  }
  if (rest !== "") take(rest);
}

function parse(line: string): PeerEvent | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isEvent(value) ? value : undefined;
  } catch {
    return undefined; // not one of ours: something the runtime printed
  }
}

function isEvent(value: unknown): value is PeerEvent {
  return typeof value === "object" && value !== null && "ev" in value && typeof value.ev === "string";
}
