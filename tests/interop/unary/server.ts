/** This library's server of the unary interop runs: TTHeader, Framed and Buffered, streams and gRPC on one port. */
import { BizStatusError, implement, type Implementation, serve, ttheader } from "@ttstream/ttstream";
import { grpc } from "@ttstream/ttstream/grpc";
import { NotThere, Words } from "./gen/unary.ts";

let noted = "";

const words: Implementation<typeof Words.methods> = {
  shout: (text) => text.toUpperCase(),
  echo: (item) => item,
  add: ({ a, b }) => a + b,
  nothing() {},
  find(what) {
    throw new NotThere({ what, tries: 3 });
  },
  fail(text) {
    throw new Error(text);
  },
  biz(code) {
    throw new BizStatusError(code, "no such word", { word: "x" });
  },
  meta(text, { metainfo, header }) {
    header.set("cost", "7");
    return `${text} ${metainfo.persistent.get("user") ?? ""} ${metainfo.transient.get("hop") ?? ""}`;
  },
  async slow(ms, { signal }) {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve();
      }, { once: true });
    });
    return "done";
  },
  note(text) {
    noted = text;
  },
  noted: () => noted,
  async *repeat(item) {
    for (let i = 0n; i < item.number; i++) yield item;
  },
};

if (import.meta.main) {
  const server = serve(
    { hostname: "127.0.0.1", port: 0, protocols: [ttheader(), grpc()], onError() {} },
    implement(Words, words),
  );
  console.log(`listening on 127.0.0.1:${server.addr.port}`);
  Deno.addSignalListener("SIGTERM", () => void server.shutdown());
  await server.finished;
}
