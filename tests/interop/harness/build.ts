const GO_FOLDER = new URL("../go/", import.meta.url);

/** The version of Kitex that a peer is built with. */
export async function kitexVersion(modFile: "go.mod" | "kitex_v0.14.mod" = "go.mod"): Promise<string> {
  const mod = await Deno.readTextFile(new URL(modFile, GO_FOLDER));
  return /github\.com\/cloudwego\/kitex (v\S+)/.exec(mod)?.[1] ?? "of an unknown version";
}

/** Builds the Kitex peer: the generator first, then what it generates, then the program. */
export async function buildGoPeer(log: (line: string) => void): Promise<string> {
  const folder = GO_FOLDER.pathname;
  const peer = `${folder}build/peer`;
  if (!await hasGo()) throw new MissingGo();
  for (const idl of ["interop.thrift", "absent.thrift", "interop.proto", "absent.proto"]) {
    log(`generating from ${idl}`);
    await runGo(folder, "tool", "kitex", "-streamx", "-module", "interop", idl);
  }
  log("building the Kitex peer");
  await runGo(folder, "build", "-o", peer, ".");
  return peer;
}

/** Builds a server of Kitex's that echoes whatever is called, without generated code. */
export async function buildKitexEcho(log: (line: string) => void): Promise<string> {
  if (!await hasGo()) throw new MissingGo();
  const program = `${GO_FOLDER.pathname}build/echo`;
  log("building Kitex's echo server");
  await runGo(GO_FOLDER.pathname, "build", "-o", program, "./echo");
  return program;
}

/** Builds Kitex's client and server of grpc.testing.TestService, whose file lacks what only Go needs. */
export async function buildGoaway(log: (line: string) => void): Promise<string> {
  if (!await hasGo()) throw new MissingGo();
  const folder = GO_FOLDER.pathname;
  const program = `${folder}build/goaway`;
  log("building Kitex's client and server for GOAWAY");
  const proto = await Deno.readTextFile(new URL("../grpc/test.proto", import.meta.url));
  const packaged = proto.replace(/^package .*$/m, '$&\noption go_package = "grpctesting";');
  await Deno.mkdir(`${folder}build`, { recursive: true });
  await Deno.writeTextFile(`${folder}build/grpc_testing.proto`, packaged);
  await runGo(folder, "tool", "kitex", "-streamx", "-module", "interop", "build/grpc_testing.proto");
  await runGo(folder, "build", "-o", program, "./goaway");
  return program;
}

/** Builds Kitex's JSON generic client and server, which need no generated code. */
export async function buildGeneric(log: (line: string) => void): Promise<string> {
  if (!await hasGo()) throw new MissingGo();
  const program = `${GO_FOLDER.pathname}build/dynamic`;
  log("building Kitex's generic client and server");
  await runGo(GO_FOLDER.pathname, "build", "-o", program, "./dynamic");
  return program;
}

/** Builds Kitex's client and server of unary calls. */
export async function buildUnary(log: (line: string) => void): Promise<string> {
  if (!await hasGo()) throw new MissingGo();
  const folder = GO_FOLDER.pathname;
  const program = `${folder}build/unary`;
  log("building Kitex's client and server of unary calls");
  for (const idl of ["unary.thrift", "unary_more.thrift"]) {
    await runGo(folder, "tool", "kitex", "-streamx", "-module", "interop", idl);
  }
  await runGo(folder, "build", "-o", program, "./unary");
  return program;
}

/** Builds Kitex in place of the services of examples/chat. */
export async function buildChat(log: (line: string) => void): Promise<string> {
  if (!await hasGo()) throw new MissingGo();
  const folder = GO_FOLDER.pathname;
  const program = `${folder}build/chat`;
  log("building Kitex's services of the chat");
  await runGo(
    folder,
    "tool",
    "kitex",
    "-streamx",
    "-module",
    "interop",
    "../../../examples/chat/chat.thrift",
  );
  await runGo(folder, "build", "-o", program, "./chat");
  return program;
}

/** Builds the same peer with Kitex v0.14.1, which does not know the Rst frame. */
export async function buildOldGoPeer(log: (line: string) => void): Promise<string> {
  const peer = `${GO_FOLDER.pathname}build/peer-v0.14`;
  log("building the peer with Kitex v0.14.1");
  await runGo(
    GO_FOLDER.pathname,
    "build",
    "-modfile=kitex_v0.14.mod",
    "-tags",
    "kitex_v0_14",
    "-o",
    peer,
    ".",
  );
  return peer;
}

/** Go is not on this machine. */
export class MissingGo extends Error {
  constructor() {
    super("the interop matrix needs Go 1.24 or later (https://go.dev/dl/): the command `go` was not found");
  }
}

/** Whether there is a Go to build with. */
export async function hasGo(): Promise<boolean> {
  try {
    return (await new Deno.Command("go", { args: ["version"], stdout: "null", stderr: "null" }).output())
      .success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Runs a command of Go in a folder. */
export async function runGo(cwd: string, ...args: string[]): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command("go", {
    args,
    cwd,
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decoder = new TextDecoder();
  if (!success) {
    throw new Error(`go ${args.join(" ")} failed:\n${decoder.decode(stdout)}${decoder.decode(stderr)}`);
  }
}
