/**
 * What the types allow and what they refuse. Each program of `types/` is checked by `deno check`, all of them in one run: a
 * wrong one must fail at its marked line, there only, and for the reason given; a right one must not fail.
 */
import { assertEquals, assertMatch } from "@std/assert";
import { rightMiddleware, wrongMiddleware } from "../types/middleware.ts";
import { rightProtobuf, wrongProtobuf } from "../types/protobuf.ts";
import { right } from "../types/right.ts";
import { wrongClient } from "../types/wrong_client.ts";
import { rightUnary, wrongUnary } from "../types/unary.ts";
import { wrongServer } from "../types/wrong_server.ts";

const root = new URL("../../", import.meta.url);

/** Stands before every program. */
const PRELUDE = `
import * as library from "${new URL("mod.ts", root)}";
import {
  type AnyMethods, BizStatusError, type ByteDuplex, type Bytes, type CallOptions, type Client, type ClientStream,
  type ClientStreamingCall, type Codec, connect, type Connection, connectOver, createClient, defineService, ErrorCode,
  type ClientInterceptor, type Handler, type Middleware, type Observer, type ServerInterceptor, implement, type Implementation, type Metadata, type Method, route, serve, serveOver, type Server,
  type ServerStream, type ServerStreamingCall, type Service, type StreamOpener, TTStreamError, type UnaryCall,
  type UnaryServerStream, wrapStream,
} from "${new URL("mod.ts", root)}";
import { protobufCodec, type ProtobufCodec, protobufService } from "${new URL("src/protobuf/mod.ts", root)}";
import {
  type Empty, EmptySchema, type SimpleRequest, SimpleRequestSchema, type SimpleResponse,
  type StreamingOutputCallRequest, type StreamingOutputCallResponse, TestService,
} from "${new URL("tests/interop/grpc/gen/test_pb.ts", root)}";
declare const text: Codec<string>;
declare const count: Codec<number>;
declare const connection: Connection;
declare const duplex: ByteDuplex;
declare const handler: Handler;
const Chat = defineService("Chat", {
  talk: { kind: "bidirectional", request: text, response: count },
  list: { kind: "server", name: "List", request: count, response: text },
  upload: { kind: "client", request: text, response: count },
});
const client = createClient(Chat, connection);
const Ask = defineService("Ask", { ask: { kind: "unary", request: count, response: text } });
const asking = createClient(Ask, connection);
/** What is written for a message leaves out what has a default. */
declare const order: Codec<{ id: number; items: string[] }, { id: number; items?: string[] }>;
const Orders = defineService("Orders", {
  one: { kind: "unary", request: order, response: order },
  talk: { kind: "bidirectional", request: order, response: order },
  list: { kind: "server", request: order, response: order },
  upload: { kind: "client", request: order, response: order },
});
const orders = createClient(Orders, connection);
const Tests = protobufService(TestService);
const tests = createClient(Tests, connection);
declare const parts: {
  talk: () => AsyncGenerator<number>;
  list: () => AsyncGenerator<string>;
  upload: () => Promise<number>;
};
void [library, BizStatusError, connect, connectOver, ErrorCode, implement, route, serve, serveOver, TTStreamError, wrapStream, client, asking, orders, tests, protobufCodec, EmptySchema, SimpleRequestSchema, handler, duplex];
`;

interface Diagnostic {
  readonly line: number;
  readonly message: string;
}

/** Checks programs, each in a file of its own, and gives back what the compiler says of each, by index. */
async function check(programs: readonly string[]): Promise<Map<number, Diagnostic[]>> {
  const folder = await Deno.makeTempDir();
  try {
    const files = programs.map((_, index) => `${folder}/program${index}.ts`);
    for (const [index, file] of files.entries()) {
      await Deno.writeTextFile(file, PRELUDE + (programs[index] ?? ""));
    }
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--quiet", "--config", "deno.json", ...files],
      cwd: root,
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "null",
    }).output();
    const output = new TextDecoder().decode(stderr);
    const found = diagnosticsIn(output);
    if (code === 0 || found.size === 0) throw new Error(`deno check ended with ${code}:\n${output}`);
    return found;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Each diagnostic begins with its TS number and is where the first place named in it is. */
function diagnosticsIn(output: string): Map<number, Diagnostic[]> {
  const found = new Map<number, Diagnostic[]>();
  for (const message of output.split(/^(?=TS\d+ \[ERROR\]: )/m)) {
    const place = /^ {4}at file:\S*\/program(\d+)\.ts:(\d+):\d+$/m.exec(message);
    // What is elsewhere belongs to the diagnostic before it: a declaration that it speaks of.
    if (place === null) continue;
    const index = Number(place[1]);
    found.set(index, [...found.get(index) ?? [], { line: Number(place[2]), message }]);
  }
  return found;
}

Deno.test("programs that use the library wrongly do not compile, and those that use it rightly do", async (t) => {
  const wrong = [...wrongClient, ...wrongServer, ...wrongMiddleware, ...wrongUnary, ...wrongProtobuf];
  const rights = [...right, ...rightMiddleware, ...rightUnary, ...rightProtobuf];
  const programs = [...wrong, ...rights];
  const found = await check(programs.map(({ code }) => code));
  const before = PRELUDE.split("\n").length;
  for (const [index, { name, code, says }] of wrong.entries()) {
    await t.step(`wrong: ${name}`, () => {
      const diagnostics = found.get(index) ?? [];
      const marked = code.split("\n").flatMap((line, at) => line.endsWith("// wrong") ? [before + at] : []);
      assertEquals(marked.length, 1);
      assertEquals(
        diagnostics.map(({ line }) => line),
        marked,
        diagnostics.map(({ message }) => message).join("\n"),
      );
      assertMatch(diagnostics.map(({ message }) => message).join("\n"), says);
    });
  }
  for (const [offset, { name }] of rights.entries()) {
    await t.step(`right: ${name}`, () => assertEquals(found.get(wrong.length + offset) ?? [], []));
  }
});
