import { escapeHidden } from "../idl/hidden.ts";
import type { Source } from "./source.ts";

/** What is wrong with an IDL, and where. */
export interface Diagnostic {
  /** The file. */
  readonly source: Source;
  /** Where the caret goes. */
  readonly offset: number;
  /** What was expected, or what is wrong. */
  readonly message: string;
}

/** Thrown when something is wrong with an IDL, or with what it includes: nothing has been made of it then. */
export class IdlError extends Error {
  /** `"IdlError"`. */
  override readonly name = "IdlError";
  /** What is wrong, in the order of the files; never empty. */
  readonly diagnostics: readonly Diagnostic[];

  /**
   * Made by the reader of IDLs.
   *
   * @param diagnostics What is wrong; never empty.
   */
  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map(formatDiagnostic).join("\n"));
    this.diagnostics = diagnostics;
  }
}

/**
 * `FILE:LINE:COL: message`, then the line, then a caret below the place:
 *
 * ```text
 * chat.thrift:3:15: expected a field name, found `,`
 *   1: string , text
 *             ^
 * ```
 *
 * What a terminal would obey, or not show, is written as an escape.
 */
function formatDiagnostic({ source, offset, message }: Diagnostic): string {
  const { line, column } = source.position(offset);
  const text = source.line(line);
  // Tabs stay tabs, so that the caret stands below its character whatever their width.
  const indent = escapeHidden(text.slice(0, column - 1)).replace(/[^\t]/g, " ");
  const place = `${source.path}:${line}:${column}`;
  return `${escapeHidden(`${place}: ${message}`)}\n${escapeHidden(text)}\n${indent}^`;
}
