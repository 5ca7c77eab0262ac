/**
 * The lines of bytes of text, without their ends. A last one needs none.
 *
 * @throws {TypeError} If they are no UTF-8: what is not there must not go on as something else.
 */
export async function* linesOf(bytes: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of bytes.pipeThrough(new TextDecoderStream("utf-8", { fatal: true }))) {
    const lines = (rest + text).split(/\r?\n/);
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}
