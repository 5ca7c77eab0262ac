import { assertEquals, assertThrows } from "@std/assert";
import { ErrorCode } from "../../src/http2/error_code.ts";
import { Http2ConnectionError } from "../../src/http2/errors.ts";
import { Flag } from "../../src/http2/frame.ts";
import { Setting } from "../../src/http2/settings.ts";
import { Harness } from "./harness.ts";
import { goAway, headers, ping, REQUEST, RESPONSE, rst, settings, TRAILERS } from "./wire.ts";

const END = Flag.END_STREAM;
const HEADERS = ":method=POST :scheme=http :path=/a.B/C :authority=b te=trailers";
const MAX = 2 ** 31 - 1;

Deno.test("Streams beyond the server's limit wait for their turn, in order, and what they send waits with them.", async () => {
  const harness = await Harness.started("client", {}, [Setting.MAX_CONCURRENT_STREAMS, 1]);
  const first = harness.open(REQUEST, true);
  const second = harness.open(REQUEST);
  const third = harness.open(REQUEST, true);
  second.sendData((buffer) => buffer.writeUtf8("a"));
  second.sendHeaders(TRAILERS, true);
  assertEquals([first.id, second.id, third.id], [1, 0, 0]);
  assertEquals(second.congested, true);
  assertEquals(harness.connection.size, 3);
  assertEquals(await harness.sent(), [`HEADERS 1 ${HEADERS} end`]);
  harness.receive(headers(1, RESPONSE, END));
  assertEquals(await harness.sent(), [`HEADERS 3 ${HEADERS}`, 'DATA 3 "a"', "HEADERS 3 grpc-status=0 end"]);
  harness.receive(settings([Setting.MAX_CONCURRENT_STREAMS, 2]));
  assertEquals(await harness.sent(), ["SETTINGS ack", `HEADERS 5 ${HEADERS} end`]);
});

Deno.test("A stream that waits ends with its last message where that is all it has.", async () => {
  const harness = await Harness.started("client", {}, [Setting.MAX_CONCURRENT_STREAMS, 0]);
  const stream = harness.open(REQUEST);
  stream.sendData((buffer) => buffer.writeUtf8("a"));
  stream.end();
  const empty = harness.open(REQUEST);
  empty.end();
  let woken = 0;
  stream.wait(() => woken++);
  harness.receive(settings([Setting.MAX_CONCURRENT_STREAMS, 9]));
  assertEquals(await harness.sent(), [
    "SETTINGS ack",
    `HEADERS 1 ${HEADERS}`,
    'DATA 1 "a" end',
    `HEADERS 3 ${HEADERS}`,
    'DATA 3 "" end',
  ]);
  assertEquals(woken, 1);
});

Deno.test("A stream that waits and is reset leaves no trace on the wire.", async () => {
  const harness = await Harness.started("client", {}, [Setting.MAX_CONCURRENT_STREAMS, 1]);
  harness.open(REQUEST, true);
  const second = harness.open(REQUEST);
  second.sendData((buffer) => buffer.writeUtf8("a"));
  second.reset(ErrorCode.CANCEL);
  harness.open(REQUEST, true);
  harness.receive(headers(1, RESPONSE, END));
  assertEquals(await harness.sent(), [`HEADERS 1 ${HEADERS} end`, `HEADERS 3 ${HEADERS} end`]);
  assertEquals(harness.told(), ["released", "headers 1 end :status=200", "released"]);
});

Deno.test("Before the server's SETTINGS a hundred streams are opened, after them as many as it says.", async () => {
  const harness = new Harness("client");
  harness.connection.start();
  for (let i = 0; i < 102; i++) harness.open(REQUEST, true);
  assertEquals((await harness.sent()).filter((line) => line.startsWith("HEADERS")).length, 100);
  harness.receive(settings());
  assertEquals((await harness.sent()).filter((line) => line.startsWith("HEADERS")).length, 2);
});

Deno.test("A GOAWAY loses the streams above its last id, which the server did not begin, and the rest go on.", async () => {
  const harness = await Harness.started("client", {}, [Setting.MAX_CONCURRENT_STREAMS, 3]);
  for (let i = 0; i < 4; i++) harness.open(REQUEST, true);
  await harness.sent();
  harness.receive(goAway(MAX, 0));
  assertEquals(harness.told(), ["lost 0", "released", "goneAway NO_ERROR"]);
  harness.receive(goAway(3, 0, "bye"));
  assertEquals(harness.told(), ["lost 5", "released", "goneAway NO_ERROR bye"]);
  assertEquals(harness.connection.takesStreams, false);
  assertThrows(() => harness.open(REQUEST), Http2ConnectionError, "takes no more streams");
  harness.receive(headers(3, RESPONSE, END), rst(5, 8), headers(1, RESPONSE, END));
  assertEquals(harness.told(), [
    "headers 3 end :status=200",
    "released",
    "headers 1 end :status=200",
    "released",
  ]);
  assertEquals(harness.connection.size, 0);
});

Deno.test("A connection that is lost says which streams had not left.", async () => {
  const harness = await Harness.started("client", {}, [Setting.MAX_CONCURRENT_STREAMS, 2]);
  harness.open(REQUEST, true);
  await harness.sent();
  harness.open(REQUEST, true);
  harness.open(REQUEST, true);
  harness.connection.lost(new Error("gone"));
  assertEquals(harness.told(), ["lost 1 begun", "lost 3", "lost 0"]);
  assertThrows(() => harness.open(REQUEST), Http2ConnectionError, "has ended");
  await harness.sent();
});

Deno.test("A list that is larger than the server takes is not sent.", async () => {
  const harness = await Harness.started("client", {}, [Setting.MAX_HEADER_LIST_SIZE, 300]);
  assertThrows(
    () => harness.open([...REQUEST, ["a", "x".repeat(200)]]),
    RangeError,
    "a header list of 447 bytes exceeds the server's limit of 300 bytes",
  );
  assertThrows(() => harness.open([["a b", "c"]]), TypeError, '"a b"');
  harness.open(REQUEST, true);
  assertEquals(await harness.sent(), [`HEADERS 1 ${HEADERS} end`]);
});

Deno.test("The server's smaller header table is kept to.", async () => {
  const harness = await Harness.started("client", {}, [Setting.HEADER_TABLE_SIZE, 0]);
  harness.open(REQUEST, true);
  harness.open(REQUEST, true);
  assertEquals(await harness.sent(), [`HEADERS 1 ${HEADERS} end`, `HEADERS 3 ${HEADERS} end`]);
});

Deno.test("A server opens no streams.", async () => {
  const harness = await Harness.started("server");
  assertThrows(() => harness.open(REQUEST), Http2ConnectionError, "a server opens no streams");
});

Deno.test("A stream that is opened from within a codec is opened behind its message.", async () => {
  const harness = await Harness.started("client");
  const first = harness.open(REQUEST);
  first.sendData((buffer) => {
    buffer.writeUtf8("a");
    const second = harness.open(REQUEST);
    assertEquals(second.id, 0);
    second.sendData((buffer) => buffer.writeUtf8("b"));
    second.end();
  });
  assertEquals(await harness.sent(), [
    `HEADERS 1 ${HEADERS}`,
    'DATA 1 "a"',
    `HEADERS 3 ${HEADERS}`,
    'DATA 3 "b" end',
  ]);
});

Deno.test("A client's GOAWAY says that it takes no streams of the server's.", async () => {
  const harness = await Harness.started("client");
  const stream = harness.open(REQUEST);
  harness.connection.goAway(ErrorCode.NO_ERROR, "done", true);
  stream.end();
  assertEquals((await harness.sent()).slice(1), ["GOAWAY 0 NO_ERROR done", 'DATA 1 "" end']);
  harness.receive(headers(1, RESPONSE, END));
  assertEquals(harness.told(), ["headers 1 end :status=200", "released"]);
});

Deno.test("A graceful GOAWAY of a server takes what is on its way, and nothing after its second word.", async () => {
  const harness = await Harness.started("server");
  harness.receive(headers(1, REQUEST));
  harness.connection.goAway(ErrorCode.NO_ERROR, "bye", true);
  assertEquals(await harness.sent(), [`GOAWAY ${MAX} NO_ERROR bye`, "PING 1"]);
  const second = Promise.withResolvers<void>();
  harness.onSent = second.resolve;
  harness.receive(headers(3, REQUEST), ping(1, Flag.ACK));
  await second.promise;
  assertEquals(await harness.sent(), ["GOAWAY 3 NO_ERROR bye"]);
  harness.told();
  harness.receive(headers(5, REQUEST), ping(8));
  assertEquals(harness.told(), []);
  assertEquals(await harness.sent(), ["PING ack 8"]);
  harness.stream.sendHeaders(RESPONSE, true);
  assertEquals(await harness.sent(), ["HEADERS 3 :status=200 end"]);
});

Deno.test("A graceful GOAWAY waits no longer than a second for the PING's answer.", async () => {
  const harness = await Harness.started("server");
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let writes = 0;
  harness.onSent = () => (++writes === 1 ? first : second).resolve();
  harness.connection.goAway(ErrorCode.NO_ERROR, "", true);
  await first.promise;
  await second.promise;
  assertEquals(await harness.sent(), [`GOAWAY ${MAX} NO_ERROR`, "PING 1", "GOAWAY 0 NO_ERROR"]);
  harness.connection.lost(new Error("done"));
});

Deno.test("A connection that ends during a graceful GOAWAY says nothing more.", async () => {
  const harness = await Harness.started("server");
  harness.connection.goAway(ErrorCode.NO_ERROR, "", true);
  await harness.sent();
  harness.connection.lost(new Error("gone"));
  harness.connection.goAway(ErrorCode.NO_ERROR, "", false);
  assertEquals(await harness.sent(), []);
});
