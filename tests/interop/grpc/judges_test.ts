import { assertEquals } from "@std/assert";
import type { Seen } from "../harness/frames.ts";
import { Http2Reader } from "../harness/http2_frames.ts";
import { readJunit } from "./h2spec.ts";
import { markdown } from "./report.ts";

Deno.test("h2spec's report is read: what failed, what it was refused, and what passed.", () => {
  const outcomes = readJunit(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites><testsuite name="3.1. DATA">
  <testcase package="generic/3.1" classname="Sends a &#34;DATA&#34; frame" time="0.1"></testcase>
  <testcase package="http2/5.1" classname="half closed" time="2.0">
    <error>GOAWAY Frame (Error Code: PROTOCOL_ERROR)
Timeout &lt;2s&gt;</error>
  </testcase>
  <testcase package="http2/6.9" classname="no window" time="0"><skipped></skipped></testcase>
</testsuite></testsuites>`);
  assertEquals(outcomes, [
    { name: 'generic/3.1: Sends a "DATA" frame', error: undefined },
    { name: "http2/5.1: half closed", error: "GOAWAY Frame (Error Code: PROTOCOL_ERROR)\nTimeout <2s>" },
    { name: "http2/6.9: no window", error: "skipped" },
  ]);
});

Deno.test("The cancels of a client are found on a wire of HTTP/2, however it is cut into pieces.", () => {
  const frame = (type: number, sid: number, payload: readonly number[]) => [
    ...[0, 0, payload.length],
    type,
    0,
    ...[0, 0, 0, sid],
    ...payload,
  ];
  const wire = Uint8Array.from([
    ...new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ...frame(4, 0, []),
    ...frame(0, 1, [3, 3, 3, 3, 3, 3, 3]),
    ...frame(3, 1, [0, 0, 0, 8]),
    ...frame(3, 3, [0, 0, 0, 0]), // NO_ERROR: no cancel
    ...frame(3, 5, [0, 0, 3, 232]),
  ]);
  for (const size of [1, 2, 7, 13, wire.length]) {
    const found: [number, string | undefined][] = [];
    const reader = new Http2Reader(({ sid, strings }: Seen) => found.push([sid, strings.code]), "c2s");
    for (let at = 0; at < wire.length; at += size) reader.push(wire.subarray(at, at + size));
    assertEquals(found, [[1, "8"], [5, "1000"]]);
  }
});

Deno.test("The report counts what passed and failed, and tells each case on a line of its own.", () => {
  const part = { name: "p", title: "A part", about: "What it is." };
  const text = markdown(
    [[part, [{ name: "a|b" }, { name: "c", error: "no" }, { name: "d", note: "same" }]]],
    "",
  );
  assertEquals(text.includes("**2 passed, 1 failed.**"), true);
  assertEquals(text.includes("| a\\|b | passed |\n| c | **failed** |\n| d | same |"), true);
});
