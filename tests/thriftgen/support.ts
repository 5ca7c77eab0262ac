import { assertInstanceOf } from "@std/assert";
import { IdlError } from "../../src/idl/diagnostic.ts";
import { generate, type Generated } from "../../src/thriftgen/generate.ts";

export const SPECIFIERS = { main: "@ttstream/ttstream", thrift: "@ttstream/ttstream/thrift" };

/** What the generator makes of files that are only in memory; it starts from the first. */
export function generateFrom(
  files: Readonly<Record<string, string>>,
  paths = Object.keys(files).slice(0, 1),
): Generated {
  return generate({ paths, read: (path) => files[path], specifiers: SPECIFIERS });
}

/** The module made of one file. */
export function moduleOf(idl: string): string {
  const [file] = generateFrom({ "test.thrift": idl }).files;
  return file?.text ?? "";
}

/** The part of a module that follows its first line and its imports. */
export function bodyOf(idl: string): string {
  return moduleOf(idl).replace(/^.*\n\n(?:(?:import [^;]*;\n)+\n)?/, "");
}

/** What is said about files that are wrong, each as `FILE:LINE:COL: message`. */
export function errorsOf(files: string | Readonly<Record<string, string>>): string[] {
  try {
    generateFrom(typeof files === "string" ? { "test.thrift": files } : files);
  } catch (error) {
    assertInstanceOf(error, IdlError);
    return error.diagnostics.map(({ source, offset, message }) => {
      const { line, column } = source.position(offset);
      return `${source.path}:${line}:${column}: ${message}`;
    });
  }
  throw new Error("expected an error, but a module was made");
}
