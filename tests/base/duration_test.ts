import { assertEquals } from "@std/assert";
import { formatDuration } from "../../src/base/duration.ts";

// What Go's time.Duration.String() prints.
const rows: [milliseconds: number, text: string][] = [
  [0, "0s"],
  [0.000001, "1ns"],
  [0.000999, "999ns"],
  [0.001, "1µs"],
  [0.0015, "1.5µs"],
  [0.25, "250µs"],
  [0.999999, "999.999µs"],
  [1, "1ms"],
  [1.5, "1.5ms"],
  [1.000001, "1.000001ms"],
  [300, "300ms"],
  [999, "999ms"],
  [1000, "1s"],
  [1001, "1.001s"],
  [1500, "1.5s"],
  [10_050, "10.05s"],
  [59_999, "59.999s"],
  [60_000, "1m0s"],
  [90_000, "1m30s"],
  [61_500, "1m1.5s"],
  [3_599_999, "59m59.999s"],
  [3_600_000, "1h0m0s"],
  [3_661_500, "1h1m1.5s"],
  [36_000_000, "10h0m0s"],
  [86_400_000, "24h0m0s"],
];

for (const [milliseconds, text] of rows) {
  Deno.test(`formatDuration prints ${milliseconds} ms as Go's ${text}`, () => {
    assertEquals(formatDuration(milliseconds), text);
  });
}
