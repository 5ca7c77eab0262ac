/** What commands write. */
import { assertEquals, assertRejects } from "@std/assert";
import { Output } from "../../src/cli/output.ts";

const decoder = new TextDecoder();

/** A sink that takes a few bytes at a time, and what it got. */
function slowSink(): { readonly text: () => string; write(bytes: Uint8Array): Promise<number> } {
  let text = "";
  return {
    text: () => text,
    write(bytes) {
      const part = bytes.subarray(0, 3);
      text += decoder.decode(part);
      return Promise.resolve(part.length);
    },
  };
}

Deno.test("lines leave in their order, whole, however little is taken at a time", async () => {
  const sink = slowSink();
  const output = new Output(sink, { coloured: false, columns: 80 });
  output.line("first");
  output.line("second");
  assertEquals(output.pendingBytes, 13);
  await output.written();
  assertEquals([sink.text(), output.pendingBytes], ["first\nsecond\n", 0]);
  output.line("third");
  await output.written();
  assertEquals(sink.text(), "first\nsecond\nthird\n");
});

Deno.test("text is in colours only where there are some", () => {
  const sink = slowSink();
  assertEquals(new Output(sink, { coloured: true, columns: 80 }).paint("red", "no"), "\x1b[31mno\x1b[0m");
  assertEquals(new Output(sink, { coloured: false, columns: 80 }).paint("red", "no"), "no");
});

Deno.test("an output that nobody reads any more says so, and drops what comes", async () => {
  const write = () => Promise.reject(new Deno.errors.BrokenPipe("broken pipe"));
  const output = new Output({ write }, { coloured: false, columns: 80 });
  output.line("lost");
  await output.written();
  assertEquals([output.broken.aborted, output.pendingBytes], [true, 0]);
  output.line("lost as well");
  assertEquals(output.pendingBytes, 0);
});

Deno.test("any other failure of an output is told to whoever waits for it", async () => {
  const write = () => Promise.reject(new Error("no space left on device"));
  const output = new Output({ write }, { coloured: false, columns: 80 });
  output.line("lost");
  // Whoever asks, and whenever: before anybody has asked it is nobody's unhandled rejection.
  await new Promise((resolve) => output.broken.addEventListener("abort", resolve));
  await assertRejects(() => output.written(), Error, "no space left on device");
  await assertRejects(() => output.written(), Error, "no space left on device");
});
