import { MissingGo } from "./build.ts";

/** Runs a part of the suite as a program. It ends with the code that `main` returns, or, where there is no Go, with 2 and the words for it. */
export async function runPart(main: () => Promise<number>): Promise<never> {
  try {
    Deno.exit(await main());
  } catch (error) {
    if (!(error instanceof MissingGo)) throw error;
    console.error(error.message);
    Deno.exit(2);
  }
}
