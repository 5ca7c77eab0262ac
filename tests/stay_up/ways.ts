import type { MessageSource } from "../../mod.ts";

/** What calls and handlers' streams have in common. */
export interface Sides<In, Out> {
  readonly readable: ReadableStream<In>;
  readonly writable: WritableStream<Out>;
  send(message: Out): Promise<void>;
  sendAll(source: MessageSource<Out>): Promise<void>;
}

/** Something done to a stream, and the promises that it gives. */
export type Way<In, Out> = (sides: Sides<In, Out>, message: Out) => unknown[];

async function* forever<T>(message: T): AsyncGenerator<T> {
  for (;;) yield await Promise.resolve(message);
}

/** Every way to get a promise out of a side of a stream. The message is so large that writes have to wait. */
export function ways<In, Out>(): Record<string, Way<In, Out>> {
  return {
    "write": ({ writable }, message) => {
      const writer = writable.getWriter();
      const writes = [1, 2, 3, 4].map(() => writer.write(message));
      return [...writes, writer.closed, writer.ready];
    },
    "write, and give the lock back": ({ writable }, message) => {
      const writer = writable.getWriter();
      const writes = [writer.write(message), writer.write(message), writer.closed, writer.ready];
      writer.releaseLock();
      return writes;
    },
    "write and writer.close": ({ writable }, message) => {
      const writer = writable.getWriter();
      return [writer.write(message), writer.write(message), writer.close(), writer.closed];
    },
    "write and writer.abort": ({ writable }, message) => {
      const writer = writable.getWriter();
      return [writer.write(message), writer.write(message), writer.abort(new Error("enough")), writer.closed];
    },
    "writable.close": ({ writable }) => [writable.close()],
    "writable.abort": ({ writable }) => [writable.abort(new Error("enough"))],
    "read": ({ readable }) => {
      const reader = readable.getReader();
      return [reader.read(), reader.read(), reader.closed];
    },
    "read, and give the lock back": ({ readable }) => {
      const reader = readable.getReader();
      const promises = [reader.read(), reader.closed];
      reader.releaseLock();
      return promises;
    },
    "reader.cancel": ({ readable }) => {
      const reader = readable.getReader();
      return [reader.cancel(new Error("enough")), reader.closed];
    },
    "readable.cancel": ({ readable }) => [readable.cancel(new Error("enough"))],
    "readable.pipeTo": ({ readable }) => [readable.pipeTo(new WritableStream())],
    "pipeTo a sink that fails": ({ readable }) => {
      const sink = new WritableStream<In>({ start: (controller) => controller.error(new Error("no room")) });
      return [readable.pipeTo(sink)];
    },
    "pipeThrough": ({ readable }) => [readable.pipeThrough(new TransformStream())],
    "next": ({ readable }) => {
      const iterator = readable.values();
      return [iterator.next(), iterator.next()];
    },
    "next and return": ({ readable }) => {
      const iterator = readable.values();
      return [iterator.next(), iterator.return?.()];
    },
    "next, without the cancel": ({ readable }) => {
      const iterator = readable.values({ preventCancel: true });
      return [iterator.next(), iterator.next()];
    },
    "read, then next": ({ readable }) => {
      const reader = readable.getReader();
      const first = reader.read();
      reader.releaseLock();
      return [first, readable.values().next()];
    },
    "send": (sides, message) => Array.from({ length: 24 }, () => sides.send(message)),
    "sendAll": (sides, message) => [sides.sendAll(forever(message))],
    "sendAll of a source that throws": (sides) => [sides.sendAll(failing(noMore))],
    "sendAll of a source that rejects": (
      sides,
    ) => [sides.sendAll(failing(() => Promise.reject(new Error("no more"))))],
    "sendAll of a ReadableStream that fails": (sides) => [
      sides.sendAll(
        new ReadableStream<Out>({ start: (controller) => controller.error(new Error("no more")) }),
      ),
    ],
    "sendAll of what is none": (sides) => [sides.sendAll(JSON.parse("7"))],
  };
}

/** A source that fails at once. */
function failing(next: () => never | Promise<never>): AsyncIterable<never> {
  return { [Symbol.asyncIterator]: () => ({ next }) };
}

function noMore(): never {
  throw new Error("no more");
}
