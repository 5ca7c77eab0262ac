import { assertEquals } from "@std/assert";
import {
  concat,
  exception,
  message,
  Reader,
  readException,
  type Seen,
  type Sketch,
  write,
} from "./frames.ts";
import { addEvent, differences, type Observation, steady } from "./observe.ts";

const sketches: readonly Sketch[] = [
  { type: "header", sid: 1, method: "bidi", strings: { isn: "Interop", "ключ": "☺", "gdpr-token": "t" } },
  { type: "data", sid: 1, method: "bidi", payload: message("hello") },
  { type: "data", sid: 1, method: "bidi", payload: new Uint8Array(10_000) },
  { type: "rst", sid: -7, method: "bidi", payload: exception("bidi", -7, 12007, "why ☺") },
  { type: "trailer", sid: 1, method: "bidi" },
];

Deno.test("Reader finds what write wrote, wherever the bytes are cut", () => {
  const bytes = concat(sketches.map(write));
  for (const size of [1, 3, 7, 4096, bytes.length]) {
    const seen: Seen[] = [];
    const reader = new Reader((frame) => seen.push(frame));
    for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
    assertEquals(
      seen.map(({ type, sid, method, strings, payloadBytes }) => ({
        type,
        sid,
        method,
        strings,
        payloadBytes,
      })),
      sketches.map(({ type, sid, method, strings = {}, payload }) => ({
        type,
        sid,
        method,
        strings: { ...strings },
        payloadBytes: payload?.length ?? 0,
      })),
    );
    assertEquals(readException(seen[3]?.payload ?? new Uint8Array()), { code: 12007, message: "why ☺" });
  }
});

Deno.test("readException gives nothing for bytes that are none", () => {
  const whole = exception("m", 1, 6, "text");
  for (let length = 0; length < whole.length; length++) {
    assertEquals(readException(whole.subarray(0, length)), undefined);
  }
});

Deno.test("steady takes out what no two runs share and nothing else", () => {
  assertEquals(
    steady("stream timeout, timeout in ctx: 299.948704ms at 127.0.0.1:4711, stream[-12] already set header"),
    "stream timeout, timeout in ctx: 300ms at ADDRESS, stream[N] already set header",
  );
  const text = "stream Recv timeout, timeout config={Timeout:1.5s DisableCancelRemote:false}";
  assertEquals(steady(text), text);
});

Deno.test("differences tells a fact that is missing, one too many, and one that reads differently", () => {
  const of = (...texts: readonly string[]): Observation => {
    const seen: Observation = new Map();
    for (const text of texts) addEvent(seen, { case: "1", node: "A", role: "client", ev: "recv", text });
    return seen;
  };
  assertEquals(differences(of("a", "b"), of("a", "b")), []);
  assertEquals(differences(of("a", "b"), of("a")).length, 1);
  assertEquals(differences(of("a"), of("a", "b")).length, 1);
  assertEquals(differences(of("a"), of("b")).length, 1);
});
