import { reasonText } from "../base/reason.ts";
import { jsonLine } from "../cli/json_line.ts";
import { isBizStatusError, isStreamError } from "../core/errors.ts";

/** The command's exit codes, beside those that all commands have. */
export const ExitCode = { Ok: 0, Failed: 1, CannotConnect: 3, TimedOut: 4 } as const;

/** How a call that has not ended well reads, and the exit code that says so. */
export function endingOf(error: unknown): { readonly code: number; readonly text: string } {
  if (isStreamError(error)) {
    return { code: error.kind === "timeout" ? ExitCode.TimedOut : ExitCode.Failed, text: error.message };
  }
  if (isBizStatusError(error)) {
    const extra = error.extra === undefined ? "" : `, extra=${jsonLine(error.extra)}`;
    return { code: ExitCode.Failed, text: `${error.message}${extra}` };
  }
  return { code: ExitCode.Failed, text: namedText(error) };
}

/** An exception that the IDL declares has a name, and fields. */
function namedText(error: unknown): string {
  const text = reasonText(error);
  if (!(error instanceof Error) || error.name === "Error") return text;
  const fields: unknown = Reflect.get(error, "fields");
  return fields === undefined ? `${error.name}: ${text}` : `${error.name}: ${jsonLine(fields)}`;
}
