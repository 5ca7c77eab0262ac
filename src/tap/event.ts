import type { RelayEnd } from "../net/relay.ts";

/** What a frame means in the life of its stream. */
export type Mark = "header" | "message" | "half close" | "trailer" | "cancel";

/** The kind of an event that ends the reading of a connection: what becomes of its streams nobody sees. */
export const UNREAD = "unread";

/** How a stream ended. */
export interface StreamEnd {
  /** Whether it ended as it should, with an error, by a cancel, with its connection, or nobody knows, since that was not read on. */
  readonly how: "well" | "error" | "cancel" | "lost" | "unread";
  /** What its end said; empty where it ended well. */
  readonly text: string;
}

/** One thing that was seen: a frame mostly, a line. */
export interface TapEvent {
  /** When, in milliseconds since 1970, with a fraction. */
  readonly time: number;
  /** The connection's number: they count from 1. */
  readonly connection: number;
  /** Who sent it; absent where nobody did. */
  readonly from?: RelayEnd | undefined;
  /** The stream's id; absent for what is the connection's. */
  readonly stream?: number | undefined;
  /** The frame's type as its protocol calls it, or what happened to the connection. */
  readonly kind: string;
  /** A flag of the frame that tells something: `END_STREAM`, `ACK`. */
  readonly flag?: string | undefined;
  /** `Service/Method`, as far as it is known. */
  readonly method?: string | undefined;
  /** The pairs of its header. */
  readonly keys?: readonly (readonly [key: string, value: string])[] | undefined;
  /** The bytes of its payload, or message. */
  readonly bytes?: number | undefined;
  /** What it says in words: an exception, a status, settings. */
  readonly text?: string | undefined;
  /** Whether that is an error. */
  readonly failed?: boolean | undefined;
  /** Its message, as JSON. */
  readonly message?: unknown;
  readonly mark?: Mark | undefined;
  /** Whether its stream begins with it. */
  readonly begins?: boolean | undefined;
  readonly end?: StreamEnd | undefined;
}

/** What the reader of a connection says; time and connection are known to whoever listens. */
export type Seen = Omit<TapEvent, "time" | "connection">;

/** Reads what goes through one connection. */
export interface WireReader {
  /**
   * Bytes of one direction.
   *
   * @throws What cannot be read: the reader is of no use afterwards.
   */
  read(from: RelayEnd, bytes: Uint8Array<ArrayBuffer>): void;
}

/** A message that could be read. */
export interface ReadMessage {
  /** The message as JSON. */
  readonly json: unknown;
  /** The name of the exception that it is, where its method declares some. */
  readonly exception?: string | undefined;
}

/** Turns messages into JSON, where their types are known. */
export interface MessageReader {
  /**
   * Reads a message of a method, `Service/Method`, or the method alone where nobody knows the service.
   *
   * @returns `undefined` where the method is not known.
   * @throws What is wrong with the payload.
   */
  read(method: string, from: RelayEnd, payload: Uint8Array<ArrayBuffer>): ReadMessage | undefined;
}
