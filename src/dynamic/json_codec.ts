import type { ByteBuffer, Bytes } from "../base/buffer.ts";
import type { FromJsonOptions, JsonValue, ToJsonOptions } from "../core/json.ts";
import type { MessageCodec } from "../thrift/mod.ts";
import { DynamicException } from "./exception.ts";
import type { JsonOptions } from "./json_options.ts";

/** The codec of messages that are JSON all the time. */
export class JsonCodec implements MessageCodec<JsonValue> {
  readonly #codec: MessageCodec<unknown>;
  readonly #options: JsonOptions;

  constructor(codec: MessageCodec<unknown>, options: JsonOptions) {
    this.#codec = codec;
    this.#options = options;
  }

  get encoding(): "thrift" {
    return "thrift";
  }

  encode(json: JsonValue): Bytes {
    return this.#codec.encode(this.#message(json));
  }

  encodeInto(json: JsonValue, buffer: ByteBuffer): void {
    this.#codec.encodeInto(this.#message(json), buffer);
  }

  decode(payload: Bytes): JsonValue {
    return this.#codec.toJson(this.#codec.decode(payload), this.#options);
  }

  /** The same JSON in its usual form, or in another one. */
  toJson(json: JsonValue, options?: ToJsonOptions): JsonValue {
    return this.#codec.toJson(this.#message(json), { ...this.#options, ...options });
  }

  fromJson(json: unknown, options?: FromJsonOptions): JsonValue {
    const message = this.#codec.fromJson(json, { ...this.#options, ...options });
    return this.#codec.toJson(message, this.#options);
  }

  /** A declared exception is no JSON, and goes as it is. */
  #message(json: unknown): unknown {
    return json instanceof DynamicException ? json : this.#codec.fromJson(json, this.#options);
  }
}
