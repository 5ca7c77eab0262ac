import type { ServeTcpOptions } from "../../../mod.ts";
import type { GrpcOptions } from "../../../src/grpc/mod.ts";
import type { Child } from "./child.ts";

/** One line of the report. */
export interface Line {
  readonly name: string;
  /** What was done. */
  readonly done: string;
  readonly promise: string;
  /** What was measured or counted. */
  readonly figure: string;
  /** In what the promise was not kept. */
  readonly faults: readonly string[];
}

/** Something that a server or a client has to withstand. */
export interface Row {
  /** What `--only` picks it by. */
  readonly name: string;
  /** What its programs speak; TTHeader Streaming where it does not say. */
  readonly protocol?: "grpc" | undefined;
  run(lab: Lab): AsyncIterable<Line>;
}

/** A server under test. */
export interface ServerChild {
  readonly child: Child;
  readonly port: number;
}

/** Options of a server that travel to another process. */
export type PlainOptions = Partial<
  Pick<
    ServeTcpOptions,
    "port" | "maxFrameBytes" | "maxBufferedBytes" | "maxStreams" | "frameTimeoutMs" | "handlerTimeoutMs"
  >
>;

/** The same row over gRPC; its programs must be all that knows of a wire. */
export function overGrpc(row: Row): Row {
  return { name: `gRPC ${row.name}`, protocol: "grpc", run: (lab) => row.run(lab) };
}

/** What the runner gives a row. */
export interface Lab {
  readonly quick: boolean;
  /** A number for a full run, and a smaller one for a quick run. */
  size(full: number, quick: number): number;
  /** Says how far the row has come. */
  progress(text: string): void;
  /** Starts a server under test; it ends with the row. */
  server(options?: PlainOptions, service?: "Test" | "Interop", grpc?: GrpcOptions): Promise<ServerChild>;
  /** Starts a client under test; it ends with the row. */
  client(grpc?: GrpcOptions): Promise<Child>;
  /** Something to be told of in the report, below the table. */
  appendix(markdown: string): void;
}
