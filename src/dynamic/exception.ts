import type { JsonValue } from "../core/json.ts";
import { exceptionMessage, type StructCodec, type ThrownException } from "../thrift/mod.ts";
import type { JsonOptions } from "./json_options.ts";

/**
 * An exception that an IDL declares, thrown by a dynamic service's handler and at its client: `name` is the exception's
 * name in the IDL. {@linkcode DynamicService.exception} makes one.
 */
export class DynamicException extends Error {
  /** The exception's name in the IDL. */
  override readonly name: string;
  /** Its fields as JSON. */
  readonly fields: { readonly [name: string]: JsonValue };

  /**
   * Made by {@linkcode DynamicService.exception}: one of another class is none that a method declares.
   *
   * @param name The exception's name in the IDL.
   * @param fields Its fields as JSON.
   */
  constructor(name: string, fields: { readonly [name: string]: JsonValue }) {
    const { message } = fields;
    super(typeof message === "string" ? message : exceptionMessage(fields));
    this.name = name;
    this.fields = fields;
  }
}

/** One exception of the IDL: its class, and how that is read and written. */
export class ExceptionKind {
  readonly class: new (fields: { readonly [name: string]: JsonValue }) => DynamicException;
  readonly #codec: StructCodec<Record<string, unknown>>;
  readonly #options: JsonOptions;

  constructor(codec: StructCodec<Record<string, unknown>>, options: JsonOptions) {
    this.#codec = codec;
    this.#options = options;
    // A class of its own: `throws` of a method tells exceptions by their classes.
    this.class = class extends DynamicException {
      constructor(fields: { readonly [name: string]: JsonValue }) {
        super(codec.typeName, fields);
      }
    };
  }

  /** An instance whose fields are checked and filled in. */
  create(fields: unknown): DynamicException {
    return this.#instance(this.#codec.fromJson(fields, this.#options));
  }

  /** As {@linkcode resultCodec} needs it, with its number in a method's `throws`. */
  thrown(id: number): ThrownException {
    const { class: exceptionClass } = this;
    return {
      id,
      codec: this.#codec,
      isInstance: (value) => value instanceof exceptionClass,
      create: (fields: Record<string, unknown>) => this.#instance(fields),
      fieldsOf: (error) =>
        error instanceof exceptionClass ? this.#codec.fromJson(error.fields, this.#options) : error,
    };
  }

  #instance(fields: Record<string, unknown>): DynamicException {
    const json = this.#codec.toJson(fields, this.#options);
    return new this.class(typeof json === "object" && json !== null && !Array.isArray(json) ? json : {});
  }
}
