import type { FromJsonOptions, ToJsonOptions } from "../core/json.ts";

/** How messages look as JSON: what both directions have options for. */
export interface JsonOptions extends ToJsonOptions, FromJsonOptions {}
