import {
  type ClientStream,
  type Handler,
  type ServerStream,
  type StreamOpener,
  wrapStream,
} from "../../mod.ts";

/** A way to hand on a stream that somebody else has made. */
export interface Form {
  readonly name: string;
  client(stream: ClientStream): ClientStream;
  server(stream: ServerStream): ServerStream;
}

/** Passes all on, message by message. */
function identity<T>(): TransformStream<T, T> {
  return new TransformStream<T, T>();
}

/** A side that is piped into `target`; who waits for the pipe is told by the stream how it ended. */
function pipedInto<T>(target: WritableStream<T>): WritableStream<T> {
  const { readable, writable } = identity<T>();
  readable.pipeTo(target).catch(() => {});
  return writable;
}

/** The stream itself. */
export const OWN: Form = {
  name: "the library's own",
  client: (stream) => stream,
  server: (stream) => stream,
};

/** All that a stream may be handed on as. */
export const FORMS: readonly Form[] = [
  OWN,
  {
    name: "wrapStream without a part",
    client: (stream) => wrapStream(stream, {}),
    server: (stream) => wrapStream(stream, {}),
  },
  {
    name: "wrapStream with its own sides",
    client: (stream) => wrapStream(stream, { readable: stream.readable, writable: stream.writable }),
    server: (stream) => wrapStream(stream, { readable: stream.readable, writable: stream.writable }),
  },
  {
    name: "wrapStream with both sides piped",
    client: (stream) =>
      wrapStream(stream, {
        readable: stream.readable.pipeThrough(identity()),
        writable: pipedInto(stream.writable),
      }),
    server: (stream) =>
      wrapStream(stream, {
        readable: stream.readable.pipeThrough(identity()),
        writable: pipedInto(stream.writable),
      }),
  },
  {
    name: "a Proxy",
    client: (stream) => new Proxy(stream, {}),
    server: (stream) => new Proxy(stream, {}),
  },
  {
    name: "a Proxy around a wrapStream around a Proxy",
    client: (stream) => new Proxy(wrapStream(new Proxy(stream, {}), {}), {}),
    server: (stream) => new Proxy(wrapStream(new Proxy(stream, {}), {}), {}),
  },
  { name: "an object made by hand", client: clientByHand, server: serverByHand },
];

/** Hands on what an opener opens. */
export function openerOf(form: Form, opener: StreamOpener): StreamOpener {
  return { openStream: (target, options) => form.client(opener.openStream(target, options)) };
}

/** Hands on what a handler gets. */
export function handlerOf(form: Form, handler: Handler): Handler {
  return (stream) => handler(form.server(stream));
}

function clientByHand(stream: ClientStream): ClientStream {
  return {
    protocol: stream.protocol,
    readable: stream.readable,
    writable: stream.writable,
    header: stream.header,
    trailer: stream.trailer,
    closed: stream.closed,
    cancel: (reason) => stream.cancel(reason),
    send: (message) => stream.send(message),
    sendAll: (source) => stream.sendAll(source),
    [Symbol.asyncIterator]: () => stream[Symbol.asyncIterator](),
    [Symbol.asyncDispose]: () => stream[Symbol.asyncDispose](),
  };
}

function serverByHand(stream: ServerStream): ServerStream {
  return {
    service: stream.service,
    method: stream.method,
    protocol: stream.protocol,
    remoteAddr: stream.remoteAddr,
    metadata: stream.metadata,
    metainfo: stream.metainfo,
    readable: stream.readable,
    writable: stream.writable,
    signal: stream.signal,
    draining: stream.draining,
    header: stream.header,
    trailer: stream.trailer,
    sendHeader: () => stream.sendHeader(),
    send: (message) => stream.send(message),
    sendAll: (source) => stream.sendAll(source),
  };
}
