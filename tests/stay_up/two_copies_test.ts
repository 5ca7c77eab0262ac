/** Two copies of the library in one process, as mixed versions make them: an end passed from one to the other stays what it is. */
import { assert, assertEquals } from "@std/assert";
import * as ours from "../../mod.ts";
import * as ourGrpc from "../../src/grpc/mod.ts";
import { aborted } from "../support/events.ts";

type Library = typeof ours;

const TARGET = { service: "Test", method: "Echo" };
const hostname = "127.0.0.1";

/** A second copy of the library, from files of its own: where its `src` is. */
async function copied(): Promise<URL> {
  const root = new URL("../../", import.meta.url);
  const folder = await Deno.makeTempDir({ prefix: "ttstream-copy-" });
  await Deno.copyFile(new URL("mod.ts", root), `${folder}/mod.ts`);
  await copyFolder(new URL("src/", root), `${folder}/src`);
  return new URL(`file://${folder}/src/`);
}

async function copyFolder(from: URL, to: string): Promise<void> {
  await Deno.mkdir(to);
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyFolder(new URL(`${name}/`, from), `${to}/${name}`);
    else await Deno.copyFile(new URL(name, from), `${to}/${name}`);
  }
}

const copySource = await copied();
const copy: Library = await import(new URL("../mod.ts", copySource).href);

/** What a client's stream of `library` ends with where its handler throws what another copy has made. */
async function thrown(library: Library, error: unknown): Promise<{ end: unknown; told: unknown[] }> {
  const told: unknown[] = [];
  const options = { hostname, port: 0, onError: (error: unknown) => told.push(error) };
  await using server = library.serve(options, () => Promise.reject(error));
  await using connection = await library.connect({ hostname, port: server.addr.port });
  const end = await connection.openStream(TARGET).closed.catch((error: unknown) => error);
  return { end, told };
}

Deno.test("two copies are two: neither's errors are instances of the other's", () => {
  assert(!(new copy.TTStreamError(12007, "x") instanceof ours.TTStreamError));
  assert(!(new copy.BizStatusError(1, "x") instanceof ours.BizStatusError));
});

for (const [name, here, there] of [["ours", ours, copy], ["the copy", copy, ours]] as const) {
  Deno.test(`two copies: a 12007 with its path, handed on to ${name} by each way, keeps code, path and text`, async () => {
    const end = new there.TTStreamError(12007, "mine", { side: "server", cancelPath: ["A"] });
    for (const way of ["signal", "parent", "cancel", "readable.cancel", "writable.abort", "sendAll"]) {
      const told = Promise.withResolvers<unknown>();
      await using server = here.serve({ hostname, port: 0 }, async (stream) => {
        stream.sendHeader();
        told.resolve(await aborted(stream.signal));
      });
      await using connection = await here.connect({ hostname, port: server.addr.port, serviceName: "B" });
      const controller = new AbortController();
      const { signal } = controller;
      const parent = { signal, metainfo: { persistent: new Map(), transient: new Map() } };
      const stream = connection.openStream(TARGET, way === "parent" ? { parent } : { signal });
      await stream.header;
      if (way === "cancel") await stream.cancel(end);
      else if (way === "readable.cancel") await stream.readable.cancel(end);
      else if (way === "writable.abort") await stream.writable.abort(end);
      else if (way === "sendAll") await stream.sendAll(failing(end)).catch(() => {});
      else controller.abort(end);
      const error = await told.promise;
      assert(error instanceof here.TTStreamError, way);
      assertEquals([error.code, error.cancelPath, error.description], [12007, ["A", "B"], "mine"], way);
    }
  });

  Deno.test(`two copies: a BizStatusError that a handler of ${name} throws stays one, with extra, and is no error`, async () => {
    const { end, told } = await thrown(here, new there.BizStatusError(404, "none", { model: "m" }));
    assert(end instanceof here.BizStatusError);
    assertEquals([end.statusCode, end.statusMessage, end.extra], [404, "none", { model: "m" }]);
    assertEquals(told, []);
  });

  Deno.test(`two copies: a call of one copy from a handler of ${name}'s: the cascade keeps code and path`, async () => {
    const last = Promise.withResolvers<unknown>();
    await using below = there.serve({ hostname, port: 0 }, async (stream) => {
      stream.sendHeader();
      last.resolve(await aborted(stream.signal));
    });
    await using down = await there.connect({ hostname, port: below.addr.port, serviceName: "B" });
    await using middle = here.serve({ hostname, port: 0, onError: () => {} }, async (stream) => {
      const call = down.openStream(TARGET, { parent: stream });
      await call.header;
      stream.sendHeader();
      await call.closed;
    });
    await using top = await here.connect({ hostname, port: middle.addr.port, serviceName: "A" });
    const stream = top.openStream(TARGET);
    await stream.header;
    await stream.cancel();
    const error = await last.promise;
    assert(error instanceof there.TTStreamError);
    assertEquals([error.code, error.cancelPath], [12007, ["A", "B"]]);
  });
}

Deno.test("what only looks like an end of the library's is none: it travels as 12008 with its text", async () => {
  const mark = Symbol.for("@ttstream/ttstream/TTStreamError");
  for (const fake of [{ [mark]: true }, { [mark]: true, code: "12007", description: "x", cancelPath: [] }]) {
    const told = Promise.withResolvers<unknown>();
    await using server = ours.serve({ hostname, port: 0 }, async (stream) => {
      stream.sendHeader();
      told.resolve(await aborted(stream.signal));
    });
    await using connection = await ours.connect({ hostname, port: server.addr.port });
    const stream = connection.openStream(TARGET);
    await stream.header;
    await stream.cancel(fake);
    const error = await told.promise;
    assert(error instanceof ours.TTStreamError);
    assertEquals([error.code, error.description], [12008, "[object Object]"]);
  }
});

function failing(error: unknown): AsyncIterable<never> {
  return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) };
}

Deno.test("two copies: a GrpcError of the other copy's keeps its code, text and details", async () => {
  const library = new URL("grpc/mod.ts", copySource);
  const { grpc, GrpcError }: typeof ourGrpc = await import(library.href);
  assert(!(new GrpcError(5, "x") instanceof ourGrpc.GrpcError));
  const error = new GrpcError(5, "no such model", { details: Uint8Array.of(1, 2) });
  const serveOptions = { hostname, port: 0, protocols: [ourGrpc.grpc()], onError() {} };
  await using server = ours.serve(serveOptions, () => Promise.reject(error));
  await using connection = await copy.connect({ hostname, port: server.addr.port, protocol: grpc() });
  const end = await connection.openStream(TARGET).closed.catch((error: unknown) => error);
  assert(end instanceof GrpcError);
  assertEquals([end.code, end.description, end.details], [5, "no such model", Uint8Array.of(1, 2)]);
});
