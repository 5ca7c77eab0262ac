/** A real browser, without a window. */
import { chromium } from "npm:playwright-core@^1.57";
import type { Browser, BrowserContextOptions, Page } from "npm:playwright-core@^1.57";

export type { Browser, BrowserContext, Page } from "npm:playwright-core@^1.57";

/** Where systems put it. */
const PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/snap/bin/chromium",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

const named = Deno.env.get("CHROMIUM");

/** The browser's program, which `CHROMIUM` may name; `undefined` where there is none. */
export const BROWSER: string | undefined = (named === undefined ? PLACES : [named]).find(isFile);

/** Says aloud that there is none. @returns Whether tests that need it are to be skipped. */
export function withoutBrowser(): boolean {
  if (BROWSER === undefined) {
    console.warn("no Chromium here: the chat is not tested in a browser (apt-get install chromium)");
  }
  return BROWSER === undefined;
}

export async function startBrowser(): Promise<Browser> {
  return await chromium.launch({
    ...(BROWSER === undefined ? {} : { executablePath: BROWSER }),
    // As root, which containers are, Chromium has no sandbox; it sees this machine's own pages alone.
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
}

/** A page of the chat, and whatever went wrong on it. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; faults: string[] }> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    // A status that is no success is there to be read.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
      faults.push(message.text());
    }
  });
  await page.goto(url);
  return { page, faults };
}

/** Asks, by the keyboard. @returns The id of the answer and of its chain. */
export async function askOn(page: Page, text: string): Promise<string> {
  const asking = page.waitForRequest("**/api/answers");
  await page.getByLabel("Your question").fill(text);
  await page.keyboard.press("Enter");
  const body: unknown = (await asking).postDataJSON();
  if (typeof body !== "object" || body === null || !("id" in body)) throw new Error("no question was sent");
  return String(body.id);
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false; // not there, or not to be looked at
  }
}
