/** `deno task generate`: writes the modules that are generated from the IDLs of this repository. */
import { run } from "../src/thriftgen/cli.ts";
import { dirname } from "../src/idl/path.ts";
import { readFlags } from "./flags.ts";

const root = new URL("../", import.meta.url);

/** The generator's arguments for each IDL; the last is the IDL. */
const commands: readonly (readonly string[])[] = [
  ["--out", "examples/gen", "examples/chat.thrift"],
  ["--out", "examples/chat/gen", "examples/chat/chat.thrift"],
  ["--out", "tests/interop/thrift/gen", "tests/interop/thrift/types.thrift"],
  ["--out", "tests/interop/unary/gen", "tests/interop/go/unary.thrift"],
  ["--out", "tests/interop/unary/gen", "tests/interop/go/unary_more.thrift"],
  // Beside the names of the package, a path to it.
  [
    "--out",
    "tests/thriftgen/golden/generated",
    "--import",
    "../../../../mod.ts",
    "tests/thriftgen/golden/everything.thrift",
  ],
];

/** The modules as the generator writes them now, by path. */
export function generateAll(): Map<string, string> {
  const files = new Map<string, string>();
  for (const args of commands) {
    const complaints: string[] = [];
    const code = run(args, {
      read: (path) => readIfThere(new URL(path, root)),
      write: (path, text) => files.set(path, text),
      print: () => {},
      complain: (text) => complaints.push(text),
    });
    if (code !== 0) throw new Error(complaints.join("\n"));
  }
  return files;
}

function readIfThere(url: URL): string | undefined {
  try {
    return Deno.readTextFileSync(url);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

if (import.meta.main) {
  readFlags("usage: deno task generate [--help]", {});
  for (const [path, text] of generateAll()) {
    const url = new URL(path, root);
    Deno.mkdirSync(new URL(`${dirname(path)}/`, root), { recursive: true });
    Deno.writeTextFileSync(url, text);
    console.log(path);
  }
}
