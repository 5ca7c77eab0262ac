/**
 * Runs the tests and says how many lines of `src/` they come by. What runs in processes of its own does not count.
 *
 *     deno run -A tools/coverage.ts
 */

/** What there must be, in percent. */
const WANTED = 95;

const root = new URL("../", import.meta.url);
const folder = await Deno.makeTempDir({ prefix: "ttstream-coverage-" });
try {
  const tests = await deno([
    "test",
    "-A",
    "--parallel",
    "--no-check",
    "--quiet",
    // A browser's and the guide's programs are processes of their own.
    "--ignore=tests/chat,tests/docs",
    `--coverage=${folder}`,
  ]);
  // `deno task test` judges them; counted, they are slower, and lines that ran have run.
  if (!tests.success) console.log(tests.output.slice(tests.output.lastIndexOf(" FAILURES ")));
  const { success, output } = await deno(["coverage", "--lcov", "--quiet", folder]);
  if (!success) throw new Error(output);
  const files = filesOf(output);
  const lines = files.reduce((sum, file) => sum + file.lines, 0);
  const hit = files.reduce((sum, file) => sum + file.hit, 0);
  for (const file of files) {
    if (file.hit < file.lines * WANTED / 100) console.log(`${percent(file.hit, file.lines)} ${file.name}`);
  }
  console.log(`${percent(hit, lines)} of ${lines} lines in ${files.length} files are covered`);
  if (hit < lines * WANTED / 100) {
    console.error(`fewer than the ${WANTED} % that there must be`);
    Deno.exitCode = 1;
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}

/** The files of the package in an lcov report: `SF:` names one, `LF:` counts its lines, `LH:` those that ran. */
function filesOf(lcov: string): { name: string; lines: number; hit: number }[] {
  const source = new URL("src/", root).pathname;
  const files = [];
  for (const record of lcov.split("end_of_record")) {
    const name = /^SF:(.*)$/m.exec(record)?.[1];
    if (name === undefined || !name.startsWith(source)) continue;
    const count = (key: string) => Number(new RegExp(`^${key}:(\\d+)$`, "m").exec(record)?.[1] ?? 0);
    files.push({ name: `src/${name.slice(source.length)}`, lines: count("LF"), hit: count("LH") });
  }
  return files;
}

function percent(part: number, whole: number): string {
  return `${(100 * part / whole).toFixed(1)} %`;
}

async function deno(args: string[]): Promise<{ success: boolean; output: string }> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: root,
    stdin: "null",
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return { success, output: decoder.decode(stdout) + decoder.decode(stderr) };
}
