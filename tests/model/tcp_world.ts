import { assertEquals } from "@std/assert";
import { connect, type Connection, serve, type Server } from "../../mod.ts";
import type { Streams } from "./apply.ts";
import { Inside } from "../torture/inside.ts";
import { loosely } from "./loosely.ts";
import { Ended } from "./ended.ts";
import { type ClientSide, Handlers } from "./sides.ts";
import { turns } from "../support/turns.ts";
import type { WorldModel } from "./world_model.ts";

/** Far longer than loopback takes. */
const PATIENCE_MS = 3_000;
/** What comes too much comes within so many turns, mostly. */
const QUIET_TURNS = 3;

/** How the connection ends when all commands have run. */
export type Last = "client abort" | "server shutdown" | "client dispose";

/** A client and a server of the library on a loopback socket: after each command everything that it has set off arrives. */
export class TcpWorld implements Streams, AsyncDisposable {
  readonly clients: ClientSide[] = [];
  readonly handlers: Handlers;
  readonly ended: Ended;
  readonly connection: Connection;
  readonly #server: Server;
  readonly #inside: Inside;

  private constructor(
    handlers: Handlers,
    ended: Ended,
    server: Server,
    connection: Connection,
    inside: Inside,
  ) {
    this.handlers = handlers;
    this.ended = ended;
    this.#server = server;
    this.connection = connection;
    this.#inside = inside;
  }

  static async open(): Promise<TcpWorld> {
    const inside = new Inside();
    const ended = new Ended();
    const handlers = new Handlers(ended);
    const observers = [ended.observer];
    const { handler, onError } = handlers;
    const server = serve({ port: 0, hostname: "127.0.0.1", onError, observers }, handler);
    const connection = await connect({
      port: server.addr.port,
      hostname: "127.0.0.1",
      serviceName: "Client",
      observers,
    });
    return new TcpWorld(handlers, ended, server, connection, inside);
  }

  /** Waits until both sides are what the model says, and sees whether they stay so. */
  async look(model: WorldModel): Promise<void> {
    model.carry();
    const expected = this.#expected(model);
    const end = performance.now() + PATIENCE_MS;
    await turns(QUIET_TURNS);
    while (JSON.stringify(this.#actual(model)) !== JSON.stringify(expected) && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await turns(QUIET_TURNS);
    assertEquals(this.#actual(model), expected);
  }

  #expected(model: WorldModel): Record<string, unknown>[] {
    const called = model.servers.filter((server) => server.called);
    // Who has not asked for anything would not show that an end has come.
    const open = [...model.clients, ...model.servers].filter(({ live }) => live).length;
    return [{ open }, ...[...model.clients, ...called].map(({ seen }) => ordered(seen))];
  }

  #actual(model: WorldModel): Record<string, unknown>[] {
    const sides = [
      ...model.clients.map((client, index) => [client, this.clients[index]] as const),
      ...model.servers.filter(({ called }) => called).map((server) =>
        [server, this.handlers.sides.get(server.key)] as const
      ),
    ];
    const seen = sides.map(([stream, side]) =>
      ordered(loosely(side?.seen ?? {}, stream.seen, stream.id === 0))
    );
    return [{ open: this.#inside.openStreams }, ...seen];
  }

  /** Ends the connection. @returns What is left over. */
  async finish(model: WorldModel, last: Last): Promise<string[]> {
    const ending = this.#end(model, last);
    await this.look(model);
    for (const server of model.servers) {
      if (server.returning || !server.called) continue;
      this.handlers.sides.get(server.key)?.finish("return");
      server.finish("return");
    }
    await this.look(model);
    await ending;
    await this.connection[Symbol.asyncDispose]();
    await this.#server.shutdown({ graceMs: PATIENCE_MS });
    const left = [...this.#inside.leaks(), ...this.ended.left()];
    for (const { reads, writes, pumps, others } of [...this.clients, ...this.handlers.sides.values()]) {
      for (const { seen } of [reads, writes, pumps, others]) {
        if (seen.includes("pending")) left.push(`a promise that never settles: ${seen}`);
      }
    }
    return left;
  }

  #end(model: WorldModel, last: Last): Promise<void> {
    switch (last) {
      case "client abort":
        for (const client of model.clients) if (client.live) client.cancel("text");
        this.connection.abort("enough");
        return this.connection.closed;
      case "client dispose":
        model.disposeAll();
        return Promise.resolve(this.connection[Symbol.asyncDispose]());
      case "server shutdown":
        for (const server of model.servers) {
          if (server.live) server.drains = true;
          server.cut("server is shutting down");
        }
        return this.#server.shutdown({ graceMs: 0 });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.connection.abort();
    await this.#server.shutdown({ graceMs: 0 });
    for (const side of this.handlers.sides.values()) side.finish("return");
    this.#inside[Symbol.dispose]();
  }
}

/** Without what only matters while the connection lives, and in one order. */
function ordered({ listeners: _listeners, ...seen }: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(seen).sort(([a], [b]) => a < b ? -1 : 1));
}
