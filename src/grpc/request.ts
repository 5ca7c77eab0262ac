import type { Metadata } from "../core/metadata.ts";
import type { StreamRequest } from "../core/transport.ts";
import type { HeaderField } from "../http2/hpack/field.ts";
import { metadataOf } from "./metadata.ts";

/** What a client's header says. A map is made of it when somebody asks: few handlers do. */
export class GrpcRequest implements StreamRequest {
  readonly service: string;
  readonly method: string;
  readonly timeoutMs: number | undefined;
  readonly #fields: readonly HeaderField[];
  #metadata: Metadata | undefined;

  constructor(
    service: string,
    method: string,
    fields: readonly HeaderField[],
    timeoutMs: number | undefined,
  ) {
    this.service = service;
    this.method = method;
    this.#fields = fields;
    this.timeoutMs = timeoutMs;
  }

  get metadata(): Metadata {
    return this.#metadata ??= metadataOf(this.#fields);
  }
}
