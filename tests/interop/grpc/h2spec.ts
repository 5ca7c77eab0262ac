import type { Outcome, PartOptions } from "./part.ts";
import { buildJudges, grpcGoServer, judge, ownPeer, runProgram, startServer } from "./programs.ts";

/** h2spec's cases of HTTP/2 and HPACK against a server of this library's, with its strict ones, too. */

/** Each case may wait two seconds for what does not come. */
const TIMEOUT_MS = 400_000;

export async function runH2spec({ only, control }: PartOptions): Promise<Outcome[]> {
  await buildJudges(console.log);
  const report = await Deno.makeTempFile({ suffix: ".xml" });
  const server = await startServer(control === true ? grpcGoServer() : ownPeer("server", "0"));
  try {
    const { output } = await runProgram(
      judge("h2spec", "-h", server.hostname, "-p", String(server.port), "--strict", "-j", report),
      TIMEOUT_MS,
    );
    const outcomes = readJunit(await Deno.readTextFile(report));
    if (outcomes.length === 0) throw new Error(`h2spec has run no case:\n${output}`);
    if (!server.alive()) outcomes.push({ name: "the server lives", error: `it died:\n${server.log()}` });
    const wanted = outcomes.filter(({ name }) => name.includes(only ?? ""));
    for (const { name, error } of wanted) {
      console.log(`  ${name.padEnd(72)} ${error === undefined ? "passed" : `FAILED ${error}`}`);
    }
    return wanted;
  } finally {
    await server.stop();
    await Deno.remove(report);
  }
}

/** Reads h2spec's report. What it has skipped, because the server's settings rule it out, has not passed. */
export function readJunit(xml: string): Outcome[] {
  const outcomes: Outcome[] = [];
  const attribute = (tag: string, name: string) =>
    unescaped(new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1] ?? "");
  for (const [, tag = "", body = ""] of xml.matchAll(/<testcase\b([^>]*)>([\s\S]*?)<\/testcase>/g)) {
    const name = `${attribute(tag, "package")}: ${attribute(tag, "classname")}`;
    if (/<skipped\b/.test(body)) {
      outcomes.push({ name, error: "skipped" });
      continue;
    }
    const [, what] = /<(?:error|failure)\b[^>]*>([\s\S]*?)<\/(?:error|failure)>/.exec(body) ?? [];
    outcomes.push({ name, error: what === undefined ? undefined : unescaped(what).trim() || "failed" });
  }
  return outcomes;
}

function unescaped(text: string): string {
  const names: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
  return text.replace(
    /&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi,
    (whole, hex: string | undefined, decimal: string | undefined, name: string | undefined) => {
      if (hex !== undefined) return String.fromCodePoint(parseInt(hex, 16));
      if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
      return names[name ?? ""] ?? whole;
    },
  );
}
