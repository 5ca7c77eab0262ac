import { dirname, stem } from "../idl/path.ts";

/**
 * Where each IDL is written below the output folder: `idl/chat.thrift` to `chat.ts`. Files of the same name keep as
 * many of their folders as are needed to tell them apart: `a/base.thrift` and `b/base.thrift` are `a/base.ts` and
 * `b/base.ts`. For `..` the folder is `parent`.
 *
 * @throws {Error} When two files would be written to the same path nevertheless.
 */
export function outputPaths(paths: readonly string[]): Map<string, string> {
  const groups = Map.groupBy(paths, fileName);
  const result = new Map<string, string>();
  const taken = new Map<string, string>();
  for (const group of groups.values()) {
    const common = group.length === 1 ? Infinity : commonFolders(group);
    for (const path of group) {
      const folders = folderNames(path).slice(common).map((folder) => folder === ".." ? "parent" : folder);
      const output = [...folders, `${stem(path)}.ts`].join("/");
      // Not every file system tells capitals from small letters.
      const other = taken.get(output.toLowerCase());
      if (other !== undefined) throw new Error(`${other} and ${path} would both be written to ${output}`);
      taken.set(output.toLowerCase(), path);
      result.set(path, output);
    }
  }
  return result;
}

function fileName(path: string): string {
  return stem(path).toLowerCase();
}

function folderNames(path: string): string[] {
  return dirname(path).split("/").filter((folder) => folder !== "." && folder !== "").map((name) =>
    name.replace(/:$/, "")
  );
}

function commonFolders(paths: readonly string[]): number {
  const [first = [], ...others] = paths.map(folderNames);
  let common = 0;
  while (common < first.length && others.every((other) => other[common] === first[common])) common++;
  return common;
}
