/** `call` without an IDL: what a gRPC server tells of itself. */
import { assertEquals } from "@std/assert";
import { call } from "../../src/call/call.ts";
import { CommandHere } from "../support/here.ts";
import { serveReflecting } from "./reflecting_server.ts";

for (const version of ["v1", "v1alpha"] as const) {
  Deno.test(`a server that tells of itself by ${version} is called without an IDL`, async () => {
    await using server = serveReflecting(version);
    const args = [`127.0.0.1:${server.addr.port}`, "demo.Clock/Tick", "-d", '{"howMany":2}'];
    assertEquals(await new CommandHere(call, args).ended, {
      code: 0,
      stdout: '"1970-01-01T00:00:01Z"\n"1970-01-01T00:00:02Z"\n',
      stderr: "",
    });
  });
}

Deno.test("a unary method is called without an IDL, with an empty request where none is given", async () => {
  await using server = serveReflecting("v1");
  const args = [`127.0.0.1:${server.addr.port}`, "demo.Clock/Now"];
  assertEquals(await new CommandHere(call, args).ended, {
    code: 0,
    stdout: '"1970-01-01T00:00:07Z"\n',
    stderr: "",
  });
});

Deno.test("a request that a protobuf method does not want is said to be one, with its fields", async () => {
  await using server = serveReflecting("v1");
  const args = [`127.0.0.1:${server.addr.port}`, "demo.Clock/Tick", "-d", '{"howMany":"many"}'];
  const { code, stderr } = await new CommandHere(call, args).ended;
  assertEquals(code, 2);
  assertEquals(
    stderr,
    "call: --data is not what Tick wants: cannot decode field demo.TickRequest.how_many from JSON: " +
      'expected number (int32), got "many"\ndemo.TickRequest {\n  int32 howMany\n}\n',
  );
});

Deno.test("--list prints the services that a server tells of, those without a description, too", async () => {
  await using server = serveReflecting("v1");
  const { code, stdout, stderr } = await new CommandHere(call, [`127.0.0.1:${server.addr.port}`, "--list"])
    .ended;
  assertEquals([code, stderr], [0, ""]);
  assertEquals(
    stdout,
    `demo.Clock
  rpc Tick(demo.TickRequest) returns (stream google.protobuf.Timestamp)
  rpc Now(demo.TickRequest) returns (google.protobuf.Timestamp)
grpc.reflection.v1.ServerReflection
  (the server's reflection service: no grpc.reflection.v1.ServerReflection (code 5))
`,
  );
});

Deno.test("a server that does not tell of itself needs an IDL, and that is said", async () => {
  await using server = serveReflecting(undefined);
  const args = [`127.0.0.1:${server.addr.port}`, "demo.Clock/Now"];
  assertEquals(await new CommandHere(call, args).ended, {
    code: 1,
    stdout: "",
    stderr: "call: the server has no reflection service: what it serves must come from --idl FILE\n",
  });
});
