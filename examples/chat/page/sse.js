/**
 * The events of an answer of `text/event-stream`, as the gateway writes them: an event and a line of JSON each. An
 * EventSource would ask again by itself when the stream ends, and cannot send a question.
 *
 * @param {ReadableStream<Uint8Array>} body
 * @returns {AsyncGenerator<{ event: string, data: any }>}
 */
export async function* serverSentEvents(body) {
  let rest = "";
  const texts = body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (;;) {
      const { done, value } = await texts.read();
      if (done) return;
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop() ?? "";
      yield* blocks.map(parse);
    }
  } finally {
    texts.cancel().catch(() => {}); // the connection may be gone already
  }
}

/** @param {string} block */
function parse(block) {
  const [, event = "", data = "null"] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? [];
  return { event, data: JSON.parse(data) };
}
