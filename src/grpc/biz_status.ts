import { isInt32 } from "../base/int32.ts";
import { stringRecord } from "../base/string_record.ts";
import { BizStatusError } from "../core/errors.ts";
import type { Metadata } from "../core/metadata.ts";

/** The trailer's keys for a business error (Kitex `pkg/remote/trans/nphttp2`: server_handler.go). */
const BizKey = { Status: "biz-status", Extra: "biz-extra" } as const;

/** The business error among a trailer's keys, with the status's text. As Kitex, what is no number is none. */
export function bizStatusOf(trailer: Metadata, text: string): BizStatusError | undefined {
  const status = trailer.get(BizKey.Status);
  if (status === undefined || !/^[+-]?\d+$/.test(status)) return undefined;
  const code = Number(status);
  if (code === 0 || !isInt32(code)) return undefined;
  const json = trailer.get(BizKey.Extra);
  const extra = json === undefined ? undefined : stringRecord(json);
  return new BizStatusError(code, text, extra);
}

/** The trailer's keys that say `error`. */
export function bizStatusMetadata(error: BizStatusError): [string, string][] {
  const pairs: [string, string][] = [[BizKey.Status, String(error.statusCode)]];
  if (error.extra !== undefined) pairs.push([BizKey.Extra, asciiJson(error.extra)]);
  return pairs;
}

/** JSON in printable ASCII: what else there is would be no field of HTTP's. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
