/**
 * Prints nothing where the JSR registry answers, else the URL of a small stand-in for it: the tasks of deno.json
 * give it to Deno as `JSR_URL`, so that they work without a network. A `JSR_URL` that is already set wins.
 *
 * The stand-in is named through a link in the temporary directory, because `deno publish` refuses modules that
 * lie in the package and are not published.
 */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** Long enough for a registry that is there, short enough to wait for before every task. */
const TIMEOUT_MS = 1_500;

const url = Deno.env.get("JSR_URL") || (await registryAnswers() ? "" : linkTo(standIn()));
if (url) console.log(url);
Deno.exit(); // A name look-up that hangs would keep the process alive.

/** Whether it sends a package's list of versions: a captive portal or a proxy's error page is no registry. */
async function registryAnswers(): Promise<boolean> {
  try {
    const response = await fetch("https://jsr.io/@std/assert/meta.json", {
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const meta: unknown = await response.json();
    return response.ok && typeof meta === "object" && meta !== null && "versions" in meta;
  } catch {
    // Whatever stands in the way, from a missing network to a page that is no JSON: Deno would fail the same way.
    return false;
  }
}

function standIn(): string {
  return Deno.realPathSync(fileURLToPath(new URL("./jsr", import.meta.url)));
}

/** The URL of a link to `directory`, which is made, or set right, where it has to be. */
function linkTo(directory: string): string {
  // One for each checkout, and for each user: systems forbid to follow another user's link in a shared directory.
  const link = join(tmpdir(), `ttstream-jsr-${hash(`${Deno.uid()} ${directory}`)}`);
  if (target(link) !== directory) {
    // Renaming is atomic: of several tasks that start at once, each finds a link that is right.
    const fresh = `${link}-${crypto.randomUUID()}`;
    try {
      Deno.symlinkSync(directory, fresh, { type: "junction" });
      Deno.renameSync(fresh, link);
    } catch {
      // No place for links: all but `deno publish` work without one.
      if (target(fresh) !== undefined) Deno.removeSync(fresh);
    }
  }
  return pathToFileURL(target(link) === directory ? link : directory).href + "/";
}

function target(link: string): string | undefined {
  try {
    return Deno.readLinkSync(link);
  } catch {
    return undefined;
  }
}

/** FNV-1a, 64 bits: enough to keep checkouts apart. */
function hash(text: string): string {
  let value = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) {
    value = BigInt.asUintN(64, (value ^ BigInt(byte)) * 0x100000001b3n);
  }
  return value.toString(16);
}
