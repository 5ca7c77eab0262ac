import type { Metadata } from "../core/metadata.ts";
import type { StreamRequest } from "../core/transport.ts";
import type { HeaderField } from "../http2/hpack/field.ts";
import { fieldOf, metadataOf, textOf } from "./metadata.ts";
import { parseTimeout } from "./timeout.ts";

/** What a client's header says. A map is made of it when somebody asks: few handlers do. */
export class GrpcRequest implements StreamRequest {
  readonly service: string;
  readonly method: string;
  readonly contentType: string;
  /** What the client compresses with: its `grpc-encoding`. */
  readonly encoding: string | undefined;
  /** Whether the client reads gzip. */
  readonly readsGzip: boolean;
  /** The `grpc-timeout` as it came, and what it says; undefined where it is malformed. */
  readonly timeout: string | undefined;
  readonly timeoutMs: number | undefined;
  readonly #fields: readonly HeaderField[];
  #metadata: Metadata | undefined;

  constructor(fields: readonly HeaderField[]) {
    this.#fields = fields;
    const path = textOf(fieldOf(fields, ":path") ?? "");
    // `/package.Service/Method`; what lacks the first slash is no service's, and shown as it came.
    const slash = path.startsWith("/") ? path.lastIndexOf("/") : -1;
    this.service = path.slice(1, Math.max(1, slash));
    this.method = path.slice(slash + 1);
    this.contentType = fieldOf(fields, "content-type") ?? "application/grpc";
    this.encoding = fieldOf(fields, "grpc-encoding");
    // Who does not say what it reads may read nothing: grpc-go's clients do without a compressor of their own.
    this.readsGzip = /(^|,)\s*gzip\s*(,|$)/.test(fieldOf(fields, "grpc-accept-encoding") ?? "");
    this.timeout = fieldOf(fields, "grpc-timeout");
    this.timeoutMs = this.timeout === undefined ? undefined : parseTimeout(this.timeout);
  }

  get metadata(): Metadata {
    return this.#metadata ??= metadataOf(this.#fields);
  }
}

/** The requests of a connection. Those with the very same fields share one. */
export class GrpcRequests {
  #fields: readonly HeaderField[] | undefined;
  #last: GrpcRequest | undefined;

  of(fields: readonly HeaderField[]): GrpcRequest {
    if (fields === this.#fields && this.#last !== undefined) return this.#last;
    this.#fields = fields;
    return this.#last = new GrpcRequest(fields);
  }
}
