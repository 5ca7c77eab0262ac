import type { TapEvent } from "./event.ts";

/** What is shown; without both, everything. */
export interface Filter {
  /** Streams of this id, or, with a connection's number before it, `2/7`, that one alone. */
  readonly stream: string | undefined;
  /** Streams of this method, `Service/Method` or `Method`, or of all methods of a service, `Service/`. */
  readonly method: string | undefined;
}

/** Whether an event is to be shown. What is the connection's is shown where nothing is filtered, and where it failed. */
export function passes({ stream, method }: Filter, event: TapEvent): boolean {
  // Or nobody would know why the streams that are looked for do not come.
  if (event.stream === undefined && event.failed === true) return isConnection(stream, event);
  if (stream !== undefined && !isStream(stream, event)) return false;
  return method === undefined || isMethod(method, event.method ?? "");
}

function isStream(wanted: string, { connection, stream }: TapEvent): boolean {
  return stream !== undefined && (wanted === String(stream) || wanted === `${connection}/${stream}`);
}

function isConnection(wanted: string | undefined, { connection }: TapEvent): boolean {
  return wanted?.includes("/") !== true || wanted.startsWith(`${connection}/`);
}

function isMethod(wanted: string, method: string): boolean {
  if (method === wanted) return true;
  return wanted.endsWith("/") ? method.startsWith(wanted) : method.endsWith(`/${wanted}`);
}
