/**
 * The generator's command line: it turns Thrift IDLs, as Kitex reads them, into TypeScript modules with interfaces,
 * codecs, constants, enums and services.
 *
 * ```sh
 * deno run -RW jsr:@ttstream/ttstream/thriftgen --out gen idl/chat.thrift
 * deno run -RW jsr:@ttstream/ttstream/thriftgen --help
 * ```
 *
 * What is wrong with an IDL is printed as `FILE:LINE:COL: what was expected`, with the line and a caret, and nothing
 * is written then.
 *
 * @module
 */
import { run } from "./cli.ts";
import { dirname } from "../idl/path.ts";

if (import.meta.main) {
  const slashed = (path: string) => Deno.build.os === "windows" ? path.replaceAll("\\", "/") : path;
  Deno.exitCode = run(Deno.args.map(slashed), {
    read(path) {
      try {
        return Deno.readTextFileSync(path);
      } catch (error) {
        // A folder of that name is no file either; that it may not be read is another matter.
        if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.IsADirectory) {
          return undefined;
        }
        throw new Error(`${path}: ${error instanceof Error ? error.message : error}`, { cause: error });
      }
    },
    write(path, text) {
      Deno.mkdirSync(dirname(path), { recursive: true });
      Deno.writeTextFileSync(path, text);
    },
    print: (text) => console.log(text),
    complain: (text) => console.error(text),
  });
}
