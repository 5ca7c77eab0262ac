import { type Handler, type StreamOpener, wrapStream } from "../../mod.ts";

/** An opener whose streams are another's in a wrapping, as those of middleware may be. */
export function wrappedOpener(opener: StreamOpener): StreamOpener {
  return {
    openStream: (target, options) => {
      const stream = opener.openStream(target, options);
      return wrapStream(stream, { readable: stream.readable, writable: stream.writable });
    },
  };
}

/** A handler that gets its streams in a wrapping, as middleware may make one. */
export function wrappedHandler(handler: Handler): Handler {
  return (stream) => handler(wrapStream(stream, { readable: stream.readable, writable: stream.writable }));
}
