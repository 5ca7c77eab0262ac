import { BizStatusError, TTStreamError } from "../../../mod.ts";
import { GrpcError } from "../grpc/transport.ts";

export type Fields = Readonly<Record<string, unknown>>;

const encoder = new TextEncoder();

/** Prints one event as one line of JSON, whole, whatever else is being printed. */
export function emit(fields: Fields): void {
  const line = encoder.encode(JSON.stringify(fields) + "\n");
  for (let at = 0; at < line.length;) at += Deno.stdout.writeSync(line.subarray(at));
}

/** What there is to know about an error: its whole text, its code, its kind. */
export function explain(error: unknown): Fields {
  if (error instanceof GrpcError) return { error: error.message, code: error.code };
  if (error instanceof TTStreamError) return { error: error.message, code: error.code, kind: error.kind };
  if (error instanceof BizStatusError) {
    const biz = { code: error.statusCode, message: error.statusMessage, extra: error.extra ?? {} };
    return { error: error.message, biz };
  }
  return { error: error instanceof Error ? error.message : String(error) };
}
