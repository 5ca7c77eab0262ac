import { formatDuration } from "../../base/duration.ts";
import type { Dialect } from "../../core/dialect.ts";
import { ErrorCode, streamError } from "../errors.ts";

/** How a unary call is worded: as a stream, but for Kitex's own words where its time is over. */
export function unaryDialectOf(streams: Dialect): Dialect {
  return {
    ...streams,
    /** Kitex `client/rpctimeout.go`: makeTimeoutErr. */
    timedOut(where, timeoutMs) {
      const { service = "", method = "" } = where;
      const description = `rpc timeout: timeout=${
        formatDuration(timeoutMs)
      }, to=${service}, method=${method}`;
      return streamError({ ...where, code: ErrorCode.StreamTimeout, description });
    },
    noResponse(where) {
      const description = "missing result";
      return streamError({ ...where, code: ErrorCode.ApplicationException, description });
    },
  };
}
