import { type Codec, defineService } from "../../../mod.ts";
import { protobufCodec } from "../../../src/protobuf/mod.ts";
import {
  argsCodec,
  binary,
  bool,
  byte,
  double,
  enumeration,
  exception,
  field,
  i16,
  i32,
  i64,
  type Infer,
  lazy,
  list,
  map,
  resultCodec,
  set,
  string,
  struct,
  type StructCodec,
  union,
} from "../../../src/thrift/mod.ts";
import { MessageSchema } from "./gen/interop_pb.ts";

/** The IDL of the peers (`go/interop.thrift` and `go/absent.thrift`), written out by hand. */

export const Message = struct("Message", {
  text: field(1, string),
  number: field(2, i64),
  blob: field(3, binary),
});
export type Message = Infer<typeof Message>;

const Colour = enumeration("Colour", { RED: 1, GREEN: 2, BLUE: 7 });
const Leaf = struct("Leaf", {
  name: field(1, string, { required: true }),
  weight: field(2, i32, { optional: true }),
});
const Shape = union("Shape", { label: field(1, string), leaf: field(2, Leaf), points: field(3, list(i64)) });
const Refused = exception("Refused", { code: field(1, i32), reason: field(2, string) });
export interface Node {
  name: string;
  next?: Node | undefined;
  children: Node[];
}
const Node: StructCodec<Node> = struct("Node", {
  name: field(1, string),
  next: field(2, lazy(() => Node), { optional: true }),
  children: field(3, list(lazy(() => Node))),
});

export const Everything = struct("Everything", {
  yes: field(1, bool),
  small: field(2, byte),
  shortNumber: field(3, i16),
  number: field(4, i32),
  big: field(5, i64),
  real: field(6, double),
  text: field(7, string),
  raw: field(8, binary),
  colour: field(9, Colour),
  leaf: field(10, Leaf),
  shape: field(11, Shape),
  refused: field(12, Refused),
  tree: field(13, Node),
  names: field(14, list(string)),
  primes: field(15, set(i32)),
  totals: field(16, map(string, i64)),
  leaves: field(17, map(i32, list(Leaf))),
  deep: field(18, list(map(string, set(i64)))),
  matrix: field(19, list(list(double))),
  colours: field(20, map(Colour, string)),
  note: field(21, string, { optional: true }),
  count: field(22, i64, { optional: true }),
  blobs: field(23, list(binary), { optional: true }),
  flag: field(24, bool, { optional: true }),
  greeting: field(25, string, { default: "hello" }),
  answer: field(26, i32, { default: 42 }),
  limit: field(27, i32, { optional: true, default: 10 }),
  must: field(28, i64, { required: true }),
  far: field(30000, string),
});
export type Everything = Infer<typeof Everything>;

const messages = { request: Message, response: Message } as const;
const bidi = { kind: "bidirectional", ...messages } as const;

export const Interop = defineService("Interop", {
  bidi,
  client: { kind: "client", ...messages },
  server: { kind: "server", ...messages },
  unary: {
    kind: "unary",
    request: argsCodec("unary", { request: field(1, Message) }),
    response: resultCodec("unary", Message),
  },
  types: { kind: "bidirectional", request: Everything, response: Everything },
});
/** The same service to a handler that answers a client-streaming call late, twice or never. */
export const Loose = defineService("Interop", { client: bidi });
/** A newer version of the service, as a client may know it. */
export const Newer = defineService("Interop", { missing: bidi });
export const Absent = defineService("Absent", { absent: bidi, bidi });

/** The same over gRPC with protobuf messages (`go/interop.proto` and `go/absent.proto`). */
const pbCodec = protobufCodec(MessageSchema);
const PbMessage: Codec<Message> = {
  encode: (message) => pbCodec.encode(message),
  decode(payload) {
    const { text, number, blob } = pbCodec.decode(payload);
    return { text, number, blob: new Uint8Array(blob) };
  },
};
const pbMessages = { request: PbMessage, response: PbMessage } as const;
const pbBidi = { kind: "bidirectional", ...pbMessages } as const;

export const PbInterop = defineService("pbidl.PbInterop", {
  bidi: pbBidi,
  client: { kind: "client", ...pbMessages },
  server: { kind: "server", ...pbMessages },
  unary: { kind: "unary", ...pbMessages },
});
export const PbLoose = defineService("pbidl.PbInterop", { client: pbBidi });
export const PbNewer = defineService("pbabsent.PbInterop", { missing: pbBidi });
export const PbAbsent = defineService("pbabsent.PbAbsent", { absent: pbBidi, bidi: pbBidi });
