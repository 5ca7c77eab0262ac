/**
 * The library where there is no Deno: a program is bundled, with the library in it, and streams in Node 22. Both the
 * bundler (esbuild, by `deno bundle`) and that Node come from npm the first time, and from its caches after.
 */
import { assertEquals } from "@std/assert";

const root = new URL("../../", import.meta.url);
const NODE_MAJOR = "22";

/** How long a command may take, in milliseconds: one of them may have to download 50 MB. */
const COMMAND_MS = 180_000;

/** Without what an `npx` that has started the tests was told to run: ours would run that. */
const { npm_config_call: _call, npm_config_package: _package, ...environment } = Deno.env.toObject();

interface Output {
  readonly success: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(command: string, args: readonly string[]): Promise<Output> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args: [...args],
    cwd: root,
    clearEnv: true,
    env: { ...environment, NO_COLOR: "1" },
    stdin: "null",
    signal: AbortSignal.timeout(COMMAND_MS),
  }).output();
  const decoder = new TextDecoder();
  return { success, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** As {@linkcode run}; a command that there is not says so as one that has failed does. */
async function tried(command: string, args: readonly string[]): Promise<Output> {
  try {
    return await run(command, args);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return { success: false, stdout: "", stderr: `${command} is not installed` };
  }
}

/**
 * The path of a Node of that major version: the machine's own, or npm's.
 *
 * @throws If there is none, with what npm says.
 */
async function node(major: string): Promise<string> {
  const script = `process.versions.node.split(".")[0] + " " + process.execPath`;
  const own = await tried("node", ["-p", script]);
  const fits = (stdout: string) => stdout.startsWith(`${major} `);
  if (own.success && fits(own.stdout)) return own.stdout.trim().slice(major.length + 1);
  const npx = ["--yes", "--prefer-offline", "--fetch-retries=1", "--fetch-retry-mintimeout=1000"];
  const fetched = await tried("npx", [...npx, "--package", `node@${major}`, "node", "-p", script]);
  if (fetched.success && fits(fetched.stdout)) return fetched.stdout.trim().slice(major.length + 1);
  throw new Error(
    `this test needs Node ${major}, which is neither on the PATH nor to be had from npm (npx --package node@${major}): ` +
      `is npm's registry reachable?\n${fetched.stderr}${fetched.stdout}`,
  );
}

/**
 * Bundles programs, each into a file of its own name.
 *
 * @throws If that fails, with what the bundler says.
 */
async function bundle(programs: readonly string[], folder: string): Promise<void> {
  const args = ["bundle", "--quiet", "--outdir", folder, ...programs];
  const { success, stderr } = await run(Deno.execPath(), args);
  if (success) return;
  throw new Error(
    "the programs cannot be bundled (deno bundle fetches esbuild from npm the first time: is its registry reachable?)\n" +
      stderr,
  );
}

/** What the program says in either protocol. */
const SAID = `ttheader
talk: ["ONE","TWO"]
list: ["ttheader 0","ttheader 1","ttheader 2"]
upload: "three four"
failed: "TTStreamError: [ttstream error, code=12001] [client-side stream] biz error: no number"
before the cancel: "FIVE"
client: "TTStreamError: [ttstream error, code=12008] [client-side stream] enough"
closed: "TTStreamError: [ttstream error, code=12008] [client-side stream] enough"
server: "TTStreamError: [ttstream error, code=12008] [server-side stream] [canceled path: Memory] enough"
late: "TTStreamError: [ttstream error, code=12014] [client-side stream] stream Recv timeout, timeout config={Timeout:20ms DisableCancelRemote:false}"
server: "TTStreamError: [ttstream error, code=12014] [server-side stream] [canceled path: Memory] stream Recv timeout, timeout config={Timeout:20ms DisableCancelRemote:false}"
thrown: ["Error: no number"]
grpc
talk: ["ONE","TWO"]
list: ["grpc 0","grpc 1","grpc 2"]
upload: "three four"
ask: "why?"
failed: "GrpcError: rpc error: code = 13 desc = no number [biz error]"
before the cancel: "FIVE"
client: "GrpcError: rpc error: code = 1 desc = enough"
closed: "GrpcError: rpc error: code = 1 desc = enough"
server: "GrpcError: rpc error: code = 1 desc = transport: RSTStream Frame received with error code: CANCEL [triggered by Memory]"
late: "GrpcError: rpc error: code = 17 desc = stream Recv timeout, timeout config={Timeout:20ms DisableCancelRemote:false}"
server: "GrpcError: rpc error: code = 1 desc = transport: RSTStream Frame received with error code: CANCEL [triggered by Memory]"
thrown: ["Error: no number"]
`;

/** What the other says. */
const SAID_OF_SOCKETS = `over a socket: ["ONE","TWO"]
connect: "Error: cannot connect to 127.0.0.1:8888: connecting needs Deno: elsewhere use connectOver with a socket of your own"
serve: "TypeError: listening needs Deno: elsewhere use serveOver, or a listener of your own"
dnsAddresses: "TypeError: looking names up needs Deno: elsewhere use an AddressResolver of your own"
`;

/** Runs `test` with a Node 22 and the bundled programs' folder. */
async function inNode(programs: readonly string[], test: (node: string, folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  try {
    const path = await node(NODE_MAJOR);
    await bundle(programs, folder);
    await test(path, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("connectOver and serveOver stream in Node 22, in both protocols, as they do in Deno; what needs Deno says so", async () => {
  await inNode(["tests/programs/memory_pair.ts", "tests/programs/without_deno.ts"], async (node, folder) => {
    const pair = `${folder}/memory_pair.js`;
    assertEquals(await run(node, [pair]), { success: true, stdout: SAID, stderr: "" });
    assertEquals(await run(Deno.execPath(), ["run", pair]), { success: true, stdout: SAID, stderr: "" });
    const sockets = `${folder}/without_deno.js`;
    assertEquals(await run(node, [sockets]), { success: true, stdout: SAID_OF_SOCKETS, stderr: "" });
  });
});
