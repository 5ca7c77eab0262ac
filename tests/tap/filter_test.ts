/** Which lines are shown. */
import { assertEquals } from "@std/assert";
import { passes } from "../../src/tap/filter.ts";

const events = [
  { connection: 1, stream: 1, method: "Chat/Ask" },
  { connection: 1, stream: 7, method: "Chat/AskAll" },
  { connection: 2, stream: 7, method: "Chatter/Ask" },
  { connection: 2 },
  { connection: 2, failed: true },
];

/** A filter, and which of the events it shows. */
const filters: readonly (readonly [{ stream?: string; method?: string }, readonly number[]])[] = [
  [{}, [0, 1, 2, 3, 4]],
  [{ stream: "7" }, [1, 2, 4]],
  [{ stream: "2/7" }, [2, 4]],
  [{ stream: "2/1" }, [4]],
  [{ stream: "1/1" }, [0]],
  [{ method: "Ask" }, [0, 2, 4]],
  [{ method: "Chat/Ask" }, [0, 4]],
  [{ method: "Chat/" }, [0, 1, 4]],
  [{ method: "Chat" }, [4]],
  [{ stream: "7", method: "Ask" }, [2, 4]],
];

for (const [{ stream, method }, shown] of filters) {
  Deno.test(`the filter ${JSON.stringify({ stream, method })} shows ${shown.length} of five lines`, () => {
    const passed = events.flatMap((event, i) =>
      passes({ stream, method }, { time: 0, kind: "Data", ...event }) ? [i] : []
    );
    assertEquals(passed, shown);
  });
}
