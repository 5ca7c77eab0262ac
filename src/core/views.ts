import type { Failure } from "./failure.ts";
import type { ClientSink } from "./transport.ts";

/** A view on the reading side of a stream, as its owner knows it. */
export interface ReadView {
  /** Ends the reading at once with `failure`'s error. */
  fail(failure: Failure): void;
}

/** A view on the writing side of a stream, as its owner knows it. */
export interface WriteView {
  /** Ends the writing at once with `failure`'s error. */
  fail(failure: Failure): void;
  /** As `fail`, but a `close()` that waits behind what was written still resolves. */
  finish(failure: Failure): void;
  /** Lets waiting writes look at the state again. */
  recheck(): void;
  /** Resolves when everything written so far has been sent; `undefined` where it has. */
  flushed(): Promise<void> | undefined;
  /** The stream has its connection, and is open there. */
  attach(sink: ClientSink): void;
}

/**
 * One view, or several: middleware that only looks at `stream.readable` has made one of bytes, and the typed call makes
 * its own.
 */
export function withReadView(known: ReadView | undefined, view: ReadView): ReadView {
  if (known === undefined) return view;
  return {
    fail(failure) {
      known.fail(failure);
      view.fail(failure);
    },
  };
}

/** As {@linkcode withReadView}. */
export function withWriteView(known: WriteView | undefined, view: WriteView): WriteView {
  if (known === undefined) return view;
  const both = [known, view];
  return {
    fail: (failure) => both.forEach((each) => each.fail(failure)),
    finish: (failure) => both.forEach((each) => each.finish(failure)),
    recheck: () => both.forEach((each) => each.recheck()),
    flushed: () => known.flushed() ?? view.flushed(),
    attach: (sink) => both.forEach((each) => each.attach(sink)),
  };
}
