/** The lives of streams, as text. */
import { assertEquals, assertLess, assertMatch } from "@std/assert";
import type { TapEvent } from "../../src/tap/event.ts";
import { Lives } from "../../src/tap/lives.ts";
import { pictureOf } from "../../src/tap/picture.ts";
import { plain } from "./reading.ts";

/** A frame of stream 1 of connection 1, unless it says otherwise. */
function event(time: number, from: "client" | "server", rest: Partial<TapEvent>): TapEvent {
  return { time, connection: 1, from, stream: 1, kind: "frame", method: "Chat/Ask", ...rest };
}

const begins = { mark: "header", begins: true } as const;
const well = { mark: "trailer", end: { how: "well", text: "" } } as const;

/** The lines of streams alone. */
function streamLines(lives: Lives, now: number): string[] {
  return pictureOf(lives.lives, plain, now).slice(2, -1);
}

Deno.test("a stream's life has its header, messages, half close and trailer in their places, and who ended it", () => {
  const lives = new Lives();
  lives.see(event(0, "client", begins));
  lives.see(event(100, "client", { mark: "message" }));
  lives.see(event(200, "client", { mark: "half close" }));
  lives.see(event(300, "server", { mark: "header" }));
  lives.see(event(500, "server", { mark: "message" }));
  lives.see(event(1000, "server", well));
  assertEquals(
    pictureOf(lives.lives, plain, 1000).map((line) => line.replace(/from .*/, "from …")),
    [
      "1 stream of 1 connection, 1s from …",
      "              |0s        |250ms    |500ms     |750ms    |",
      "#1 1 Chat/Ask H───>───)────h───────<────────────────────T 1 → 1 ← ended by the server",
      "H request header  > request  ) half close  h response header  < response  * both  T trailer  X cancel  ! lost",
    ].map((line) => line.replace(/from .*/, "from …")),
  );
});

Deno.test("a cancel, a failure, a lost stream and one that goes on tell themselves apart", () => {
  const lives = new Lives();
  for (const stream of [1, 2, 3]) lives.see(event(0, "client", { stream, ...begins }));
  lives.see(event(0, "client", { connection: 2, stream: 1, ...begins }));
  lives.see(event(50, "client", { stream: 1, mark: "cancel", end: { how: "cancel", text: "why" } }));
  lives.see(event(60, "server", { stream: 2, mark: "trailer", end: { how: "error", text: "boom" } }));
  lives.see(event(70, "server", { stream: undefined, kind: "reset" }));
  lives.see(event(71, "client", { stream: undefined, kind: "closed" }));
  lives.connectionOver(1, 80);
  const lines = streamLines(lives, 100);
  assertMatch(lines[0] ?? "", /^#1 1 Chat\/Ask H─+X +0 → 0 ← cancelled by the client: why$/);
  assertMatch(lines[1] ?? "", /^#1 2 Chat\/Ask H─+T +0 → 0 ← failed by the server: boom$/);
  assertMatch(lines[2] ?? "", /^#1 3 Chat\/Ask H─+! +0 → 0 ← lost: the connection was reset by the server$/);
  assertMatch(lines[3] ?? "", /^#2 1 Chat\/Ask H─+ 0 → 0 ← still open$/);
});

Deno.test("a stream of a connection that cannot be read on is not said to be lost", () => {
  const lives = new Lives();
  lives.see(event(0, "client", begins));
  lives.see(
    event(10, "server", { stream: undefined, kind: "unread", text: "cannot be read: why", failed: true }),
  );
  lives.see(event(70, "server", { stream: undefined, kind: "closed" }));
  lives.connectionOver(1, 80);
  assertMatch(streamLines(lives, 100)[0] ?? "", / 0 → 0 ← not seen to its end: cannot be read: why$/);
});

Deno.test("what comes behind the end of a stream does not change it, and begins none", () => {
  const lives = new Lives();
  lives.see(event(0, "client", begins));
  lives.see(event(1, "client", { mark: "cancel", end: { how: "cancel", text: "first" } }));
  lives.see(event(2, "client", { mark: "half close" }));
  lives.see(event(3, "server", { mark: "trailer", end: { how: "error", text: "second" } }));
  lives.see(event(4, "server", { stream: 9, mark: "message" }));
  assertEquals(lives.lives.lives.map(({ end }) => end?.text), ["first"]);
});

Deno.test("a stream of a million messages keeps few marks, and counts them all", () => {
  const lives = new Lives();
  lives.see(event(0, "client", begins));
  for (let time = 1; time <= 1_000_000; time++) lives.see(event(time, "server", { mark: "message" }));
  const [life] = lives.lives.lives;
  assertEquals(life?.responses, 1_000_000);
  assertLess(life?.marks.length ?? Infinity, 600);
  assertMatch(streamLines(lives, 1_000_000)[0] ?? "", /^#1 1 Chat\/Ask H?<{40,} /);
});

Deno.test("the latest streams are kept, and how many there were before them is said", () => {
  const lives = new Lives();
  for (let stream = 1; stream <= 1_000; stream++) {
    lives.see(event(stream, "client", { stream, ...begins }));
    lives.see(event(stream, "server", { stream, ...well }));
  }
  assertEquals(lives.lives.lives.length, 256);
  assertMatch(
    pictureOf(lives.lives, plain, 1_000)[0] ?? "",
    /^256 streams of 1 connection, the last of 1000, /,
  );
});

Deno.test("what has been shown is forgotten, but for streams that go on", () => {
  const lives = new Lives();
  lives.see(event(0, "client", { stream: 1, ...begins }));
  lives.see(event(0, "client", { stream: 2, ...begins }));
  lives.see(event(1, "server", { stream: 1, ...well }));
  lives.clear();
  lives.see(event(2, "server", { stream: 2, ...well }));
  assertEquals(lives.lives.lives.map(({ stream, end }) => [stream, end?.how]), [[2, "well"]]);
});

Deno.test("a connection that lives on keeps nothing of its streams but the latest", () => {
  const lives = new Lives();
  const before = Deno.memoryUsage().heapUsed;
  for (let stream = 1; stream <= 200_000; stream++) {
    lives.see(event(stream, "client", { stream, ...begins }));
    lives.see(event(stream, "server", { stream, ...well }));
  }
  // Kept, they are 120 MB.
  assertLess(Deno.memoryUsage().heapUsed - before, 60e6);
  assertEquals(lives.lives.lives.length, 256);
});
