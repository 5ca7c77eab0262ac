import { readFileSync } from "node:fs";

/**
 * The text of a file, or `undefined` where there is none.
 *
 * @param path A path, or a `file:` URL.
 * @throws {Error} Where it is there and may not be read.
 */
export function readTextFile(path: string | URL): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    // A folder of that name is no file either.
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "EISDIR" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
