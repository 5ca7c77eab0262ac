/** What goes wrong between a message and its bytes. Its message begins with the name of the message's type. */
export class ProtobufError extends Error {
  /** Always `ProtobufError`. */
  override readonly name = "ProtobufError";
  /** The full name of the message's type, `grpc.testing.SimpleRequest` say. */
  readonly typeName: string;

  /**
   * Makes an error about a message of type `typeName`.
   *
   * @param description What went wrong.
   * @param options `cause`: the error of `@bufbuild/protobuf`, where it is one of its own.
   */
  constructor(typeName: string, description: string, options?: ErrorOptions) {
    super(`${typeName}: ${description}`, options);
    this.typeName = typeName;
  }
}
