/** Writes the golden modules anew: `deno run -RW tests/thriftgen/golden.ts`. Look at what changed before you commit it. */
import { run } from "../../src/thriftgen/cli.ts";
import { dirname } from "../../src/thriftgen/path.ts";

const root = new URL("golden/", import.meta.url);

/** The golden modules as the generator makes them now, by path below `generated/`. */
export function generateGolden(): Map<string, string> {
  const files = new Map<string, string>();
  const complaints: string[] = [];
  const code = run(["--out", "generated", "--import", "../../../../mod.ts", "everything.thrift"], {
    read(path) {
      try {
        return Deno.readTextFileSync(new URL(path, root));
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return undefined;
        throw error;
      }
    },
    write: (path, text) => files.set(path, text),
    print: () => {},
    complain: (text) => complaints.push(text),
  });
  if (code !== 0) throw new Error(complaints.join("\n"));
  return files;
}

/** A golden module as it was committed. */
export function readGolden(path: string): string {
  return Deno.readTextFileSync(new URL(path, root));
}

if (import.meta.main) {
  for (const [path, text] of generateGolden()) {
    Deno.mkdirSync(new URL(`${dirname(path)}/`, root), { recursive: true });
    Deno.writeTextFileSync(new URL(path, root), text);
  }
}
