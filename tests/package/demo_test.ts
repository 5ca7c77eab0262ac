/** `examples/demo`, run as `deno task demo` runs it, and what becomes of its services. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { pathToFileURL } from "node:url";
import { importsForUsers } from "../support/imports.ts";

const root = new URL("../../", import.meta.url);
const demo = new URL("examples/demo/", root);

const canceled =
  "user code invoking stream RPC with context processed by context.WithCancel or context.WithTimeout, then invoking cancel() actively";
const errorOfA = `[ttstream error, code=12007] [client-side stream] ${canceled}`;
const errorOfB = `[ttstream error, code=12007] [server-side stream] [canceled path: ServiceA] ${canceled}`;
const errorOfC =
  `[ttstream error, code=12007] [server-side stream] [canceled path: ServiceA -> ServiceB] ${canceled}`;

/** Milliseconds after which whatever still runs hangs: far more than a slow machine needs. */
const HANGS_MS = 60_000;

function spawn(main: URL): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", main.href],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/**
 * What the demo printed, once it and all of its services are gone: they hold its standard error open.
 *
 * @param onText Is told what has come so far.
 */
async function outcome(child: Deno.ChildProcess, onText?: (stdout: string) => void) {
  const hangs = Promise.withResolvers<never>();
  const timer = setTimeout(() => hangs.reject(new Error("the demo or a service of it hangs")), HANGS_MS);
  try {
    const ends = Promise.all([collect(child.stdout, onText), collect(child.stderr), child.status]);
    const [stdout, stderr, { code, signal }] = await Promise.race([ends, hangs.promise]);
    return { code, signal, stdout, stderr };
  } finally {
    clearTimeout(timer);
  }
}

async function collect(
  bytes: ReadableStream<Uint8Array<ArrayBuffer>>,
  onText?: (text: string) => void,
): Promise<string> {
  let all = "";
  for await (const text of bytes.pipeThrough(new TextDecoderStream())) {
    all += text;
    onText?.(all);
  }
  return all;
}

/** Part of a text: from one heading up to the next. */
function between(text: string, from: string, to: string): string {
  const start = text.indexOf(from);
  const end = text.indexOf(to, start);
  assert(start >= 0 && end > start, `no "${from}" before "${to}" in:\n${text}`);
  return text.slice(start, end);
}

function errorsIn(text: string): string[] {
  return text.split("\n").filter((line) => line.includes("ttstream error"));
}

function wordsOf(text: string): string {
  return text.split(/\s+/).join(" ").trim();
}

Deno.test("the demo ends by itself, and every service's error stands on a line of its own", async () => {
  const { code, stdout, stderr } = await outcome(spawn(new URL("main.ts", demo)));
  assertEquals({ code, stderr }, { code: 0, stderr: "" });

  const act1 = between(stdout, "Act 1", "Act 2");
  assertStringIncludes(wordsOf(act1), wordsOf(await Deno.readTextFile(new URL("story.txt", demo))));
  assertEquals(errorsIn(act1), []);

  const act2 = between(stdout, "Act 2", "Act 3");
  assertEquals(errorsIn(act2), [errorOfA, errorOfB, errorOfC]);
  assertEquals(act2.match(/^ {2}Service. {2}knew after -?\d+\.\d ms$/gm)?.length, 2, act2);

  const act3 = between(stdout, "Act 3", "How long");
  assertEquals(errorsIn(act3), [errorOfA, errorOfB, errorOfC]);
  assertEquals(act3.match(/^ {2}Service. {2}knew after -?\d+\.\d ms$/gm)?.length, 3, act3);
});

for (const signal of ["SIGINT", "SIGKILL"] as const) {
  Deno.test({
    name: `the services end where the demo is ended by ${signal}`,
    // Windows has no SIGINT for one process.
    ignore: signal === "SIGINT" && Deno.build.os === "windows",
    async fn() {
      const child = spawn(new URL("main.ts", demo));
      let killed = false;
      // What the services say of each other's sudden end is not asked here, only that they end: outcome waits for it.
      const { signal: endedBy } = await outcome(child, (stdout) => {
        // By now all services are up, and the first answer is on its way.
        if (killed || !stdout.includes("streams story.txt")) return;
        killed = true;
        child.kill(signal);
      });
      assertEquals({ killed, endedBy }, { killed: true, endedBy: signal });
    },
  });
}

/** What may go wrong: the demo with some of its text replaced, and what it then says. */
const mishaps: readonly {
  name: string;
  edits: readonly [file: string, from: string, to: string][];
  says: string;
}[] = [
  {
    name: "a service does not start",
    edits: [["service_b.ts", "const modelPort", "Deno.exit(3);\nconst modelPort"]],
    says: "demo failed: ServiceB did not start\n",
  },
  {
    name: "a service does not say what it must",
    edits: [["service_b.ts", ", { parent: stream }", ""]],
    says: `demo failed: ServiceC was to say:\n${errorOfC}\n`,
  },
  {
    name: "a service says nothing at all",
    edits: [
      ["service_c.ts", "setTimeout(PACE_MS,", "setTimeout(60_000,"],
      ["main.ts", "LIMIT_MS = 7_500", "LIMIT_MS = 1_500"],
    ],
    says: "demo failed: not at its end after 1500 ms\n",
  },
];

for (const { name, edits, says } of mishaps) {
  Deno.test(`the demo fails, and says why, where ${name}`, async () => {
    const directory = await Deno.makeTempDir();
    try {
      const copy = pathToFileURL(`${directory}/demo/`);
      await copyFolder(demo, copy);
      await copyFolder(new URL("../gen/", demo), new URL("../gen/", copy));
      for (const [file, from, to] of edits) {
        const source = await Deno.readTextFile(new URL(file, copy));
        assertStringIncludes(source, from);
        await Deno.writeTextFile(new URL(file, copy), source.replace(from, to));
      }
      const config = { imports: await importsForUsers(), lock: false };
      await Deno.writeTextFile(new URL("../deno.json", copy), JSON.stringify(config));

      const { code, stderr } = await outcome(spawn(new URL("main.ts", copy)));
      assertStringIncludes(stderr, says);
      assertEquals(code, 1);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  });
}

async function copyFolder(from: URL, to: URL): Promise<void> {
  await Deno.mkdir(to);
  for await (const { name } of Deno.readDir(from)) {
    await Deno.copyFile(new URL(name, from), new URL(name, to));
  }
}
