import type { TapEvent } from "./event.ts";

/** What is shown; without both, everything. */
export interface Filter {
  /** Streams of this id, or, with a connection's number before it, `2/7`, that one alone. */
  readonly stream: string | undefined;
  /** Streams of this method, `Service/Method` or `Method`, or of all methods of a service, `Service/`. */
  readonly method: string | undefined;
}

/** Whether an event is to be shown. What is the connection's is shown where nothing is filtered. */
export function passes({ stream, method }: Filter, event: TapEvent): boolean {
  if (stream !== undefined && !isStream(stream, event)) return false;
  return method === undefined || isMethod(method, event.method ?? "");
}

function isStream(wanted: string, { connection, stream }: TapEvent): boolean {
  return stream !== undefined && (wanted === String(stream) || wanted === `${connection}/${stream}`);
}

function isMethod(wanted: string, method: string): boolean {
  if (method === wanted) return true;
  return wanted.endsWith("/") ? method.startsWith(wanted) : method.endsWith(`/${wanted}`);
}
