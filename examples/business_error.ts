/**
 * A business error: the call worked, and its answer is "no". Beside it, a handler that fails.
 *
 *     deno run -N examples/business_error.ts
 */
import { BizStatusError, connect, createClient, implement, serve, TTStreamError } from "@ttstream/ttstream";
import { Library } from "./gen/chat.ts";

await using server = serve(
  {
    port: 0,
    hostname: "127.0.0.1",
    // Only faults come here: neither business errors, which are answers, nor cancels.
    onError: (error, { method }) => console.log(`server: ${method} failed: ${error}`),
  },
  implement(Library, {
    async *read({ title }) {
      yield { text: `"${title}", page 1` };
      if (title === "Dreams") throw new BizStatusError(404, "page 2 is lost", { shelf: "7" });
      if (title === "Tides") throw new Error("the lamp went out");
      yield { text: `"${title}", the end` };
    },
  }),
);

await using connection = await connect({ ...server.addr, serviceName: "Reader" });
const library = createClient(Library, connection);

for (const title of ["Rivers", "Dreams", "Tides"]) {
  try {
    // What was sent before the error is read first.
    for await (const page of library.read({ title })) console.log(page.text);
  } catch (error) {
    if (error instanceof BizStatusError) {
      console.log(`no: ${error.statusCode} ${error.statusMessage}, shelf ${error.extra?.shelf}`);
    } else if (error instanceof TTStreamError) {
      console.log(`failed: ${error.message}`);
    } else throw error;
  }
}
