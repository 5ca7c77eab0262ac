/**
 * A script says what one end of a stream does. The client gets its script on stdin, the server gets its own in
 * the metainfo of the call, so that a case is one piece of data and both languages run the very same one.
 */
export type Strings = Readonly<Record<string, string>>;

/** What a call speaks: TTHeader Streaming where not said, gRPC with protobuf messages, or gRPC with Thrift's. */
export type CallProtocol = "ttheader" | "grpc" | "grpc-thrift";

/** What a message carries; `size` is the length of its blob. */
export interface Body {
  readonly text?: string;
  readonly number?: number;
  readonly size?: number;
}

/** One step of a script. */
export type Op =
  // Either end. `up` acts on the handler's own stream, in a call that a handler makes.
  | Body & { readonly do: "send"; readonly n?: number; readonly everyMs?: number; readonly up?: boolean }
  | { readonly do: "sendSizes"; readonly sizes: readonly number[] }
  | Body & { readonly do: "flood"; readonly n?: number; readonly everyMs?: number } // until it fails
  | { readonly do: "recv"; readonly n?: number; readonly up?: boolean }
  | { readonly do: "drain" | "echo" | "relay"; readonly loose?: boolean } // loose: how many is not told
  | { readonly do: "sleep"; readonly ms: number }
  | { readonly do: "lanes"; readonly lanes: readonly (readonly Op[])[] }
  | { readonly do: "done"; readonly up?: boolean } // waits for the end of the context
  // The client alone.
  | { readonly do: "close" | "cancel" | "header" | "trailer" }
  | { readonly do: "cut" | "spoil" } // the runner takes the connection away, or puts a broken frame on it
  // The server alone.
  | { readonly do: "setHeader" | "sendHeader" | "setTrailer"; readonly kv: Strings }
  | { readonly do: "metadata" } // the keys that begin with x-, over gRPC
  | { readonly do: "metainfo" | "counts" | "sum" | "failWithLast" }
  | { readonly do: "call"; readonly call: Call }
  | { readonly do: "fail" | "panic"; readonly text?: string } // an empty text does not survive Go's JSON
  | { readonly do: "biz"; readonly code: number; readonly text?: string; readonly extra?: Strings };

/** The caller's options. */
export interface Options {
  readonly pool?: "mux" | "mux1" | "long" | "short";
  readonly timeoutMs?: number;
  readonly recvTimeoutMs?: number;
  readonly recvTimeoutAt?: "client" | "call";
  readonly disableCancelRemote?: boolean;
  readonly persistent?: Strings;
  readonly transient?: Strings;
  readonly cancelled?: boolean;
  readonly cancelReason?: string;
  readonly wrapped?: boolean;
  readonly protocol?: CallProtocol;
  /** Over gRPC: the caller does not say who it is. */
  readonly anonymous?: boolean;
  /** Over gRPC: keys of the caller's own, which begin with `x-`; `-bin` values in base64. */
  readonly metadata?: Strings;
  /** What this library cancels with; Kitex has the one way. */
  readonly cancelFrame?: "trailer";
}

/** One stream, seen from its client. */
export interface Call {
  readonly to: string;
  /** Tells streams apart that run at once: both ends have it behind their letter. */
  readonly tag?: string;
  /** This library uses no codec: raw bytes from `openStream`, a plain function given to `serve`. */
  readonly untyped?: boolean;
  readonly method: "bidi" | "client" | "server" | "unary" | "types" | "missing" | "absent";
  readonly service?: "Interop" | "Absent";
  readonly request?: Body;
  readonly options?: Options;
  readonly client?: readonly Op[];
  readonly server?: readonly Op[];
  readonly after?: readonly Op[];
  readonly quiet?: boolean;
  readonly swarm?: {
    readonly streams: number;
    readonly messages: number;
    readonly atOnce: number;
    readonly cancel: boolean;
  };
}

/** What a peer is told to do: a call whose every address is filled in. */
export interface Command {
  readonly case: string;
  readonly node: string;
  readonly call: Call;
}
