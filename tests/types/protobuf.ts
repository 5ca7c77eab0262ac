import type { Program, WrongProgram } from "./program.ts";

/** Services of `.proto` files and their messages: what must compile. */
export const rightProtobuf: readonly Program[] = [
  {
    name: "protobuf: a call of each kind, with plain objects for messages",
    code: `const empty: UnaryCall<Empty> = tests.emptyCall({});
const unary: UnaryCall<SimpleResponse> = tests.unaryCall({ responseSize: 5, payload: { body: new Uint8Array(2) } });
const output: ServerStreamingCall<StreamingOutputCallResponse> =
  tests.streamingOutputCall({ responseParameters: [{ size: 1 }] }, { timeoutMs: 5 });
const input = tests.streamingInputCall();
await input.sendAll([{ payload: { body: new Uint8Array() } }, {}]);
const size: number = (await input.response).aggregatedPayloadSize;
const full = tests.fullDuplexCall();
await full.send({ responseParameters: [{ size: 1 }] });
for await (const { payload } of full) payload?.body.length.toFixed();
(await unary).username.trim();
void [empty, output, size];`,
  },
  {
    name: "protobuf: an implementation that reads whole messages and answers with plain objects",
    code: `implement(Tests, {
  emptyCall: () => ({}),
  async unaryCall({ responseSize, payload }: SimpleRequest, stream) {
    stream.trailer.set("size", responseSize.toFixed());
    return { payload, username: stream.method };
  },
  cacheableUnaryCall: (request) => ({ payload: request.payload }),
  async *streamingOutputCall({ responseParameters }) {
    for (const { size } of responseParameters) yield { payload: { body: new Uint8Array(size) } };
  },
  async streamingInputCall({ readable }) {
    let aggregatedPayloadSize = 0;
    for await (const { payload } of readable) aggregatedPayloadSize += payload?.body.length ?? 0;
    return { aggregatedPayloadSize };
  },
  async fullDuplexCall(stream: ServerStream<StreamingOutputCallRequest, { payload?: { body: Uint8Array } }>) {
    for await (const _ of stream.readable) await stream.send({ payload: { body: new Uint8Array() } });
  },
  async *halfDuplexCall({ readable }) {
    for await (const { payload } of readable) yield { payload };
  },
  unimplementedCall() { throw new Error(); },
});`,
  },
  {
    name: "protobuf: the general types of a service and a codec",
    code: `const general: Service<AnyMethods> = Tests;
const method: Method<"unary", SimpleRequest, SimpleResponse, { responseSize: number }, SimpleResponse> =
  Tests.methods.unaryCall;
const codec: ProtobufCodec<typeof SimpleRequestSchema> = protobufCodec(SimpleRequestSchema);
const request: SimpleRequest = codec.decode(new Uint8Array());
codec.encode({ fillUsername: true });
codec.encode(request);
void [general, method];`,
  },
];

/** What must not. */
export const wrongProtobuf: readonly WrongProgram[] = [
  {
    name: "protobuf: a field of another type",
    code: `tests.unaryCall({ responseSize: "five" }); // wrong`,
    says: /'string' is not assignable to type 'number'/,
  },
  {
    name: "protobuf: a field that there is not",
    code: `tests.unaryCall({ size: 5 }); // wrong`,
    says: /'size' does not exist/,
  },
  {
    name: "protobuf: a message of another type",
    code: `declare const empty: Empty;\ntests.unaryCall(empty); // wrong`,
    says: /is not assignable to/,
  },
  {
    name: "protobuf: the wire name of a method",
    code: `tests.UnaryCall({}); // wrong`,
    says: /Property 'UnaryCall' does not exist|Did you mean 'unaryCall'/,
  },
  {
    name: "protobuf: for await over what is unary",
    code: `for await (const _ of tests.unaryCall({})) break; // wrong`,
    says: /Symbol.asyncIterator/,
  },
  {
    name: "protobuf: a response with a field that there is not",
    code: `(await tests.unaryCall({})).name; // wrong`,
    says: /Property 'name' does not exist/,
  },
  {
    name: "protobuf: an implementation that says it is whole, and has one method",
    code:
      `implement(Tests, { emptyCall: () => ({}) } satisfies Implementation<typeof Tests.methods>); // wrong`,
    says: /is missing the following properties/,
  },
  {
    name: "protobuf: an answer of another type",
    code:
      `const method: Implementation<typeof Tests.methods>["unaryCall"] = () => ({ username: 5 }); // wrong\nvoid method;`,
    says: /'number' is not assignable to type 'string'/,
  },
  {
    name: "protobuf: a service for a message schema",
    code: `protobufCodec(TestService); // wrong`,
    says: /is not assignable to parameter of type 'DescMessage'|not assignable/,
  },
  {
    name: "protobuf: a message schema for a service",
    code: `protobufService(EmptySchema); // wrong`,
    says: /is not assignable to parameter of type 'DescService'|not assignable/,
  },
];
