/** `deno run -A tests/interop/thrift/main.ts`: the struct codec against Kitex's own, by itself. Needs Go. */
import { readFlags } from "../../../tools/flags.ts";
import { MissingGo, thriftCases } from "./mod.ts";

readFlags("usage: deno run -A tests/interop/thrift/main.ts [--help]", {});
try {
  const cases = await thriftCases();
  for (const { name, error } of cases) {
    console.log(`${error === undefined ? "ok    " : "FAILED"}  ${name}`);
    if (error !== undefined) console.log(`        ${error.slice(0, 2_000).replaceAll("\n", "\n        ")}`);
  }
  const failed = cases.filter(({ error }) => error !== undefined).length;
  console.log(`\nthrift: ${cases.length - failed} passed, ${failed} failed`);
  if (failed > 0) Deno.exitCode = 1;
} catch (error) {
  if (!(error instanceof MissingGo)) throw error;
  console.error(error.message);
  Deno.exitCode = 2;
}
