import type { Annotation, Doc } from "../idl/ast.ts";

/** The annotation `deprecated` is the one that TypeScript has a word for. */
export function withDeprecation(doc: Doc, annotations: readonly Annotation[]): Doc {
  const deprecated = annotations.find(({ key }) => key === "deprecated");
  if (deprecated === undefined || doc.some((line) => line.includes("@deprecated"))) return doc;
  const tag = `@deprecated ${deprecated.value.replace(/\s+/g, " ")}`.trimEnd();
  return doc.length === 0 ? [tag] : [...doc, "", tag];
}
