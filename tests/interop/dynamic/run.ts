/**
 * Calls without code: this library's dynamic client and Kitex's generic server, Kitex's generic client and this
 * library's dynamic server. Both load the same IDL; the messages are JSON, random ones of every type.
 */
import { readFlags } from "../../../tools/flags.ts";
import { buildGeneric } from "../harness/build.ts";
import { runPart } from "../harness/part.ts";
import { type Case, denoCases } from "./deno_client.ts";
import { kitexCases } from "./kitex_client.ts";
import { GenericPeer } from "./peer.ts";
import { writeReport } from "./report.ts";
import { IDL } from "./service.ts";
import { forDynamicgo, randomMessages } from "./values.ts";

const HELP = `usage: run.ts [--only dynamic] [--help]
  --only dynamic  the whole of it; no report is written`;

async function main(): Promise<number> {
  const flags = readFlags(HELP, { only: { type: "string" } });
  const program = await buildGeneric(console.log);
  const cases: Case[] = [];
  for (const provider of ["plain", "dynamicgo"] as const) {
    await using peer = await GenericPeer.start(program, IDL, provider);
    const messages = provider === "plain" ? randomMessages() : randomMessages().map(forDynamicgo);
    const scene = { peer, messages, provider };
    const played = [...await denoCases(scene), ...await kitexCases(scene)];
    cases.push(...played.map((one) => ({ ...one, name: `${one.name} (${provider})` })));
  }
  for (const { name, error } of cases) {
    console.log(error === undefined ? `ok      ${name}` : `FAILED  ${name}\n${error}`);
  }
  if (flags.only === undefined) await writeReport(cases);
  const failed = cases.filter(({ error }) => error !== undefined).length;
  console.log(`\ndynamic: ${cases.length - failed} passed, ${failed} failed`);
  return failed === 0 && cases.length > 0 ? 0 : 1;
}

if (import.meta.main) await runPart(main);
