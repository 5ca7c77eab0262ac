/** The chat for everybody: what axe finds, what the keyboard reaches, and what is said to those who do not see it. */
import { assert, assertEquals } from "@std/assert";
import axe from "npm:axe-core@^4.11";
import { askOn, openPage, type Page, startBrowser, withoutBrowser } from "./browser.ts";
import { ChatProcess } from "./chat_process.ts";

const ignore = withoutBrowser();

/** What axe has to say against the page as it is. */
async function violations(page: Page): Promise<string[]> {
  // Colours that are on their way from one to another are neither.
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.evaluate(axe.source);
  const found: unknown = await page.evaluate("axe.run()");
  assert(typeof found === "object" && found !== null && "violations" in found);
  assert("passes" in found && Array.isArray(found.passes) && found.passes.length > 10);
  assert(Array.isArray(found.violations));
  return found.violations.map((violation) => JSON.stringify(violation, undefined, 1));
}

for (
  const [device, viewport] of [
    ["a desk", { width: 1280, height: 800 }],
    ["a phone", { width: 390, height: 844 }],
    ["the smallest phone", { width: 320, height: 568 }],
  ] as const
) {
  Deno.test({
    name: `on ${device}, dark and light, axe finds nothing, and nothing sticks out`,
    ignore,
    async fn() {
      await using chat = await ChatProcess.start();
      const browser = await startBrowser();
      try {
        for (const colorScheme of ["dark", "light"] as const) {
          const { page } = await openPage(browser, chat.url, { colorScheme, viewport });
          await page.getByText("60 s").waitFor({ state: "attached" });
          // The welcome is read from its beginning, also where it is higher than the screen.
          assert(await within(page, ".welcome h2"));
          if (device !== "a desk") await page.getByRole("button", { name: "Chain" }).click();
          assertEquals(await violations(page), []);
          const id = await askOn(page, "Count, please.");
          await page.locator(".answer .text").getByText("10.").waitFor();
          assertEquals(await violations(page), []);
          await page.keyboard.press("Escape");
          await chat.chain(id);
          await page.getByText("Nothing is open.").waitFor();
          assertEquals(await violations(page), []);
          // What became of the answer is not below the screen.
          assert(await within(page, ".answer .note"));
          // A page is not to be moved sideways.
          assertEquals(await page.evaluate("document.documentElement.scrollWidth"), viewport.width);
          for (const button of await page.getByRole("button").all()) {
            const box = await button.boundingBox();
            assert(
              box !== null && box.x >= 0 && box.x + box.width <= viewport.width - 8,
              JSON.stringify(box),
            );
          }
          await page.context().close();
        }
      } finally {
        await browser.close();
      }
    },
  });
}

/** Whether the whole of it is inside of the part of the conversation that is seen. */
async function within(page: Page, selector: string): Promise<boolean> {
  const [box, seen] = await Promise.all([
    page.locator(selector).last().boundingBox(),
    page.locator("#scroll").boundingBox(),
  ]);
  assert(box !== null && seen !== null);
  return box.y >= seen.y && box.y + box.height <= seen.y + seen.height;
}

Deno.test({
  name: "where there is only touch no keyboard comes up by itself, over the words",
  ignore,
  async fn() {
    await using chat = await ChatProcess.start();
    const browser = await startBrowser();
    try {
      const { page } = await openPage(browser, chat.url, {
        hasTouch: true,
        isMobile: true,
        viewport: { width: 390, height: 844 },
      });
      await page.getByText("Tell me a story.").tap();
      await page.locator(".answer .text").getByText("lighthouse").waitFor();
      assertEquals(await page.evaluate("document.activeElement.id"), "scroll");
      await page.getByRole("button", { name: "Stop", exact: true }).tap();
      await page.getByText("You stopped.", { exact: true }).first().waitFor();
      assertEquals(await page.evaluate("document.activeElement.id"), "scroll");
    } finally {
      await browser.close();
    }
  },
});

Deno.test({
  name: "the keyboard alone asks, keeps, and hears what became of it",
  ignore,
  async fn() {
    await using chat = await ChatProcess.start({ tokenMs: 30 });
    const browser = await startBrowser();
    try {
      const { page } = await openPage(browser, chat.url);
      const focused = async () => String(await page.evaluate("document.activeElement.textContent")).trim();
      // The question has the focus at first: the ideas are before it.
      while (!(await focused()).includes("Tell me a story.")) await page.keyboard.press("Shift+Tab");
      await page.keyboard.press("Enter");
      await page.locator(".answer .text").getByText("lighthouse").waitFor();
      assertEquals(await page.evaluate("document.activeElement.id"), "question");
      await page.keyboard.press("Tab");
      assertEquals(await focused(), "Stop and keep");
      await page.keyboard.press("Enter");
      const said = page.getByRole("status");
      await said.getByText("Kept after its sentence.").waitFor();
      await page.keyboard.press("Tab");
      assert(await page.evaluate("document.activeElement !== document.body"), "the focus is lost");
    } finally {
      await browser.close();
    }
  },
});
