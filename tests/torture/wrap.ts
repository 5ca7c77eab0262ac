import type { Handler, StreamOpener } from "../../mod.ts";

/** An opener whose streams are another's in a wrapping of its own, as a pool's may be. */
export function wrappedOpener(opener: StreamOpener): StreamOpener {
  return {
    openStream(target, options) {
      const stream = opener.openStream(target, options);
      return {
        readable: stream.readable,
        writable: stream.writable,
        header: stream.header,
        trailer: stream.trailer,
        [Symbol.asyncDispose]: () => stream[Symbol.asyncDispose](),
      };
    },
  };
}

/** A handler that gets its streams in a wrapping, as middleware may make one. */
export function wrappedHandler(handler: Handler): Handler {
  return (stream) => {
    const { service, method, metadata, metainfo, signal, header, trailer, readable, writable } = stream;
    const sendHeader = () => stream.sendHeader();
    return handler({
      service,
      method,
      metadata,
      metainfo,
      signal,
      header,
      trailer,
      readable,
      writable,
      sendHeader,
    });
  };
}
