/** A cascade of processes with `OTEL_DENO=true`, and what a collector gets of it. */
import { assert, assertEquals } from "@std/assert";
import { runCascade } from "./cascade.ts";
import { attribute } from "./collector.ts";
import { chainOf, picture } from "./picture.ts";

Deno.test("OTEL_DENO: a cascade of three services comes out as one trace, with who cancelled whom", async () => {
  const { spans, metrics, printed } = await runCascade();
  assertEquals(
    printed,
    "[ttstream error, code=12007] [client-side stream] user code invoking stream RPC with context processed by context.WithCancel or context.WithTimeout, then invoking cancel() actively",
  );
  // A's call, B's handler, B's call, C's handler: each is the parent of the next.
  const chain = chainOf(spans);
  assertEquals(chain.map(({ service, kind, name }) => [service, kind, name]), [
    ["A", 3, "Chat/Ask"],
    ["B", 2, "Chat/Ask"],
    ["B", 3, "Chat/Ask"],
    ["C", 2, "Chat/Ask"],
  ]);
  assertEquals(new Set(chain.map(({ traceId }) => traceId)).size, 1);
  assertEquals(spans.length, 4);
  assertEquals(chain.map((span) => attribute(span, "ttstream.canceled_by")), [undefined, "A", "A", "A"]);
  assertEquals(chain.map((span) => attribute(span, "ttstream.cancel_path")), [undefined, "A", "A", "A -> B"]);
  assertEquals(chain.map((span) => attribute(span, "rpc.status_code")), ["12007", "12007", "12007", "12007"]);
  for (const { attributes } of chain) {
    const keys = attributes.map(({ key }) => key);
    assertEquals(keys.toSorted(), [...new Set(keys)].toSorted());
    assert(keys.includes("rpc.method") && keys.some((key) => key.endsWith(".address")));
  }
  // A cancel is no error.
  assertEquals(chain.map(({ status }) => status?.code ?? 0), [0, 0, 0, 0]);
  for (
    const name of [
      "A: rpc.client.call.duration",
      "A: ttstream.client.cancels",
      "B: rpc.server.call.duration",
      "B: rpc.client.call.duration",
      "B: ttstream.server.cancels",
      "C: rpc.server.call.duration",
      "C: ttstream.server.cancels",
      "C: ttstream.server.messages",
    ]
  ) assert(metrics.has(name), `${name} is not among ${[...metrics].join(", ")}`);
  const drawn = picture(chain);
  assertEquals(drawn.match(/cancelled by A/g)?.length, 3);
  assertEquals(drawn.match(/NaN|undefined/), null);
});
