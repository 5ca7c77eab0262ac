/** What a client reads whose stream comes too late, or is cut. */
export const SHUTTING_DOWN = "server is shutting down";

const TOO_MANY_STREAMS = /^too many streams: the limit is \d+$/;

/** What a server says that takes `limit` streams and has as many. */
export function tooManyStreams(limit: number): string {
  return `too many streams: the limit is ${limit}`;
}

/** Whether a text says that the handler was not called: for protocols that have no other word for it. A handler's own text has a prefix there. */
export function isRefusal(text: string): boolean {
  return text === SHUTTING_DOWN || TOO_MANY_STREAMS.test(text);
}
