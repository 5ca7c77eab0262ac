import { concat } from "@std/bytes/concat";
import type { Bytes } from "../../base/buffer.ts";
import type { Dialect } from "../../core/dialect.ts";
import type {
  ServerTransport,
  ServerTransportInit,
  ServerTransportOwner,
  WireProtocol,
} from "../../core/protocol.ts";
import type { ServerEvents } from "../../core/transport.ts";
import { setTimer, type Timer } from "../../net/event_loop.ts";
import type { ByteSocket } from "../../net/socket.ts";

/** Who runs a connection whose protocol may not be known yet. */
export interface ProtocolOwner extends ServerTransportOwner {
  /** The connection's protocol is known: before anything else is said. */
  chosen(dialect: Dialect): void;
}

interface ChoiceInit extends ServerTransportInit {
  readonly protocols: readonly WireProtocol[];
}

/** Serves a connection in the one protocol there is, or in the one that its first bytes are of. */
export function serveProtocols(socket: ByteSocket, init: ChoiceInit, owner: ProtocolOwner): ServerTransport {
  const [only, ...others] = init.protocols;
  if (only === undefined || others.length > 0) return new UndecidedTransport(socket, init, owner);
  owner.chosen(only.dialect);
  return only.server(socket, init, owner);
}

/** Reads a connection's first bytes, and is what their protocol makes of it from then on. */
class UndecidedTransport implements ServerTransport {
  readonly #socket: ByteSocket;
  readonly #init: ChoiceInit;
  readonly #owner: ProtocolOwner;
  #chosen: ServerTransport | undefined;
  #closed = false;
  #draining = false;
  #timer: Timer;

  constructor(socket: ByteSocket, init: ChoiceInit, owner: ProtocolOwner) {
    this.#socket = socket;
    this.#init = init;
    this.#owner = owner;
    this.#choose();
  }

  get closed(): boolean {
    return this.#chosen?.closed ?? this.#closed;
  }

  get counts(): boolean {
    return this.#socket.ref !== undefined;
  }

  streams(): ServerEvents[] {
    return this.#chosen?.streams() ?? [];
  }

  defer(task: () => void): void {
    if (this.#chosen === undefined) task();
    else this.#chosen.defer(task);
  }

  sayFarewell(): void {
    this.#draining = true;
    this.#chosen?.sayFarewell();
  }

  sent(): Promise<void> {
    return this.#chosen?.sent() ?? Promise.resolve();
  }

  end(limit: string | undefined, lastMs: number): void {
    if (this.#chosen === undefined) this.#end(limit === undefined ? undefined : new Error(limit), true);
    else this.#chosen.end(limit, lastMs);
  }

  ref(): void {
    if (this.#chosen === undefined) this.#socket.ref?.();
    else this.#chosen.ref();
  }

  unref(): void {
    if (this.#chosen === undefined) this.#socket.unref?.();
    else this.#chosen.unref();
  }

  async #choose(): Promise<void> {
    let first = new Uint8Array(0);
    try {
      for (;;) {
        const chunk = await this.#socket.read();
        if (this.#closed) return;
        if (chunk === undefined) return this.#end(undefined, false);
        first = first.length === 0 ? chunk : concat([first, chunk]);
        const protocol = this.#protocolOf(first);
        if (protocol !== undefined) return this.#use(protocol, first);
        // Bytes that have come and tell nothing yet are the beginning of a frame.
        const { frameTimeoutMs } = this.#init.limits;
        const late = () =>
          this.#end(
            new Error(`no protocol known after ${frameTimeoutMs} ms: ${first.length} bytes came`),
            true,
          );
        if (frameTimeoutMs > 0) this.#timer ??= setTimer(late, frameTimeoutMs);
      }
    } catch (error) {
      if (!this.#closed) this.#end(error instanceof Error ? error : new Error(String(error)), false);
    }
  }

  /** The first that claims the bytes; where none does, the first there is says what is wrong with them. */
  #protocolOf(first: Bytes): WireProtocol | undefined {
    const { protocols } = this.#init;
    const claims = protocols.map((protocol) => protocol.claims(first));
    const claimed = claims.indexOf(true);
    if (claimed >= 0) return protocols[claimed];
    return claims.includes(undefined) ? undefined : protocols[0];
  }

  #use(protocol: WireProtocol, first: Bytes): void {
    clearTimeout(this.#timer);
    this.#owner.chosen(protocol.dialect);
    this.#chosen = protocol.server(pushedBack(this.#socket, first), this.#init, this.#owner);
    if (this.#draining) this.#chosen.sayFarewell();
  }

  #end(error: Error | undefined, peersFault: boolean): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket.close();
    this.#owner.ended(error, error !== undefined && peersFault);
  }
}

/** A socket whose first read gives what has been read already. */
function pushedBack(socket: ByteSocket, first: Bytes): ByteSocket {
  let given = false;
  return {
    remoteAddr: socket.remoteAddr,
    get behind() {
      return given && socket.behind;
    },
    get takenBytes() {
      return socket.takenBytes;
    },
    read(room) {
      if (given) return socket.read(room);
      given = true;
      return Promise.resolve(first);
    },
    write: (bytes) => socket.write(bytes),
    ...(socket.closeWrite === undefined
      ? {}
      : { closeWrite: () => socket.closeWrite?.() ?? Promise.resolve() }),
    close: () => socket.close(),
    ...(socket.ref === undefined ? {} : { ref: () => socket.ref?.() }),
    ...(socket.unref === undefined ? {} : { unref: () => socket.unref?.() }),
  };
}
