import { type Metadata, NO_METADATA } from "./metadata.ts";
import { LazyPromise } from "../base/lazy_promise.ts";

/** What a call's user may ask for beside the messages: promises that are made when somebody does. */
export class CallResults {
  /** What has come. */
  headerMetadata: Metadata | undefined;
  trailerMetadata: Metadata | undefined;
  endedWell = false;
  failure: { readonly error: unknown; readonly write: unknown } | undefined;
  #header: LazyPromise<Metadata> | undefined;
  #trailer: LazyPromise<Metadata> | undefined;
  #closed: LazyPromise<void> | undefined;

  get header(): Promise<Metadata> {
    if (this.#header === undefined) {
      this.#header = new LazyPromise();
      this.settle();
    }
    return this.#header.promise;
  }

  get trailer(): Promise<Metadata> {
    if (this.#trailer === undefined) {
      this.#trailer = new LazyPromise();
      this.settle();
    }
    return this.#trailer.promise;
  }

  get closed(): Promise<void> {
    if (this.#closed === undefined) {
      this.#closed = new LazyPromise();
      this.settle();
    }
    return this.#closed.promise;
  }

  /** Settles what somebody has asked for, as far as it is known. */
  settle(): void {
    if (this.headerMetadata !== undefined) this.#header?.resolve(ownMap(this.headerMetadata));
    if (this.trailerMetadata !== undefined) this.#trailer?.resolve(ownMap(this.trailerMetadata));
    // A cancel that comes behind it takes back what is unread, and is no second end.
    if (this.endedWell) this.#closed?.resolve();
    if (this.failure === undefined) return;
    const { error } = this.failure;
    this.#header?.reject(error);
    this.#trailer?.reject(error);
    this.#closed?.reject(error);
  }
}

/** Frames without keys share one map; what a user gets is their own. */
function ownMap(metadata: Metadata): Metadata {
  return metadata === NO_METADATA ? new Map() : metadata;
}
