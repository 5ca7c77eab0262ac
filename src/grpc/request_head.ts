import type { MessageEncoding } from "../core/codec.ts";
import type { HeaderField } from "../http2/hpack/field.ts";
import { SOURCE_SERVICE, utf8Value } from "./metadata.ts";
import { ACCEPT_ENCODING } from "./stream.ts";

/** What every request of the library's says of itself. */
const USER_AGENT = "ttstream";

/** What a request's fields depend on, beside what is the call's own. */
export interface RequestTarget {
  readonly service: string;
  readonly method: string;
  readonly encoding: MessageEncoding | undefined;
  /** Who calls. */
  readonly serviceName: string | undefined;
}

/** The fields that a connection's requests begin with. Those of the last one are kept: mostly the next has the same. */
export class RequestHead {
  readonly #scheme: string;
  readonly #authority: string;
  #last: { readonly target: RequestTarget; readonly fields: readonly HeaderField[] } | undefined;

  constructor(scheme: "http" | "https", authority: string) {
    this.#scheme = scheme;
    this.#authority = authority;
  }

  /** The same array for the same target. */
  fields({ service, method, encoding, serviceName }: RequestTarget): readonly HeaderField[] {
    const target = { service, method, encoding, serviceName };
    if (this.#last === undefined || !isSame(this.#last.target, target)) {
      this.#last = { target, fields: this.#make(target) };
    }
    return this.#last.fields;
  }

  #make({ service, method, encoding, serviceName }: RequestTarget): HeaderField[] {
    const fields: HeaderField[] = [
      [":method", "POST"],
      [":scheme", this.#scheme],
      [":path", utf8Value(`/${service}/${method}`)],
      [":authority", this.#authority],
      ["content-type", encoding === "thrift" ? "application/grpc+thrift" : "application/grpc"],
      ["user-agent", USER_AGENT],
      ["te", "trailers"],
      ["grpc-accept-encoding", ACCEPT_ENCODING],
    ];
    if (serviceName !== undefined) fields.push([SOURCE_SERVICE, utf8Value(serviceName)]);
    return fields;
  }
}

function isSame(one: RequestTarget, other: RequestTarget): boolean {
  return one.service === other.service && one.method === other.method && one.encoding === other.encoding &&
    one.serviceName === other.serviceName;
}
