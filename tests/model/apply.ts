import type { Ended } from "./ended.ts";
import type { Action, PeerFrame } from "./actions.ts";
import { reasonOf } from "./ends.ts";
import type { ModelFrame } from "./frames.ts";
import { ClientSide, type Handlers } from "./sides.ts";
import type { CallPlan } from "./client_model.ts";
import type { StreamOpener } from "../../mod.ts";
import type { World } from "./world.ts";
import type { WorldModel } from "./world_model.ts";

/** Whether an action has a place at all, as things are. */
export function can(action: Action, model: WorldModel): boolean {
  const { client: atClient, server: atServer } = model.at;
  const { setup } = model;
  switch (action.do) {
    case "open":
      return setup.client === "library" && model.clients.length < 6 &&
        (action.plan.parent === undefined || model.server(action.plan.parent) !== undefined);
    case "cancel":
      return model.client(action.stream) !== undefined;
    case "signal":
    case "dispose":
      return model.client(action.stream) !== undefined;
    case "finish":
      return model.server(action.stream)?.returning === false;
    case "sendHeader":
      return model.server(action.stream) !== undefined;
    case "setTrailer":
      return model.server(action.stream)?.returning === false;
    case "deliver":
      return true;
    case "pass":
      return true;
    case "peer":
      if (setup.client === "library" && setup.server === "library") return false;
      return !model.ways[setup.client === "script" ? "toServer" : "toClient"].closed;
    case "fin":
      return !model.ways[action.to].closed;
    case "reset":
      return !atClient.reset;
    case "client abort":
    case "client dispose":
    case "client close":
      return setup.client === "library";
    case "drain":
      return setup.server === "library" && !atServer.draining && !atServer.aborted;
    case "cut":
      return setup.server === "library";
    default: {
      const stream = action.side === "client" ? model.client(action.stream) : model.server(action.stream);
      if (stream === undefined) return false;
      if (action.do === "read" || action.do === "leave") return true;
      const { writer } = stream;
      if (action.do === "write") return !(writer.style === "writer" && (writer.closed || writer.closing));
      if (action.do === "sendAll") return !model.congested(action.side) && !writer.closed && !writer.closing;
      if (writer.style === "send") return false;
      if (action.do === "close") {
        return "canHalfClose" in stream
          ? stream.canHalfClose
          : stream.live && writer.open && writer.waiting.length === 0;
      }
      return true;
    }
  }
}

/** Where the library's streams are found. */
export interface Streams {
  readonly clients: ClientSide[];
  readonly handlers: Handlers;
  readonly connection: StreamOpener | undefined;
  readonly ended: Ended;
}

/** Opens a stream. */
export function open(plan: CallPlan, model: WorldModel, world: Streams): void {
  const parentModel = plan.parent === undefined ? undefined : model.server(plan.parent);
  const parentSide = parentModel && world.handlers.sides.get(parentModel.key);
  const { key } = model.open(plan);
  const { connection, ended } = world;
  if (connection === undefined) return;
  world.clients.push(new ClientSide({ connection, ended }, key, plan, parentSide?.stream));
}

/** Does the same to the model and to the library. */
export async function apply(action: Action, model: WorldModel, world: World): Promise<void> {
  switch (action.do) {
    case "open":
      return open(action.plan, model, world);
    case "deliver":
      return await world.deliver(model, action.to, action.all);
    case "pass":
      return await world.pass(model, action.ms);
    case "peer": {
      const to = model.setup.client === "script" ? "toServer" : "toClient";
      const ids = to === "toClient" ? model.clients.map(({ id }) => id) : model.servers.map(({ id }) => id);
      const frames = Array.from(
        { length: action.copies },
        () => frameFor(action.frame, action.stream, ids, model),
      );
      for (const frame of frames) model.send(to, frame);
      world.peerSends(to, frames);
      return;
    }
    case "fin":
      // What has not been handed to the line yet stays behind.
      model.ways[action.to].lossy = true;
      model.ways[action.to].closed = true;
      world.line[action.to].end();
      return;
    case "reset":
      for (const to of ["toServer", "toClient"] as const) {
        model.ways[to].sent = [];
        model.ways[to].closed = true;
        model.ways[to].lossy = true;
      }
      model.at.client.reset = model.at.server.reset = true;
      world.line.reset(new Error("reset"));
      model.arrive("toServer", "reset");
      model.arrive("toClient", "reset");
      return;
    case "client abort":
      for (const client of model.clients) if (client.live) client.cancel("text");
      model.at.client.closing = model.at.client.aborted = true;
      model.ways.toServer.lossy = true;
      world.connection?.abort(reasonOf("text"));
      return;
    case "client dispose":
      model.at.client.closing = true;
      model.disposeAll();
      if (world.connection !== undefined) world.note(world.connection[Symbol.asyncDispose]());
      return;
    case "client close": {
      const { graceMs } = action;
      model.at.client.closing = true;
      if (graceMs !== undefined && model.clients.some(({ live }) => live)) {
        model.closeWithin(graceMs);
      }
      if (world.connection !== undefined) world.note(world.connection.close({ graceMs }));
      return;
    }
    case "drain":
      model.at.server.draining = true;
      for (const server of model.servers) if (server.live) server.drains = true;
      world.serving?.drain(1_000);
      return;
    case "cut":
      for (const server of model.servers) server.cut("server is shutting down");
      model.at.server.draining = model.at.server.closing = model.at.server.aborted = true;
      model.ways.toClient.lossy = true;
      world.serving?.cut();
      return;
    default:
      return applyToStream(action, model, world);
  }
}

/** What is done to one stream. */
export type StreamAction = Exclude<
  Action,
  {
    do:
      | "open"
      | "deliver"
      | "pass"
      | "peer"
      | "fin"
      | "reset"
      | "client abort"
      | "client dispose"
      | "client close"
      | "drain"
      | "cut";
  }
>;

/** What may be done without a hold on the wire. */
export type SocketAction = StreamAction | Extract<Action, { do: "open" }>;

/** Does something to one stream. */
export function applyToStream(action: StreamAction, model: WorldModel, world: Streams): void {
  const isClient = !("side" in action) ? action.do !== "finish" : action.side === "client";
  if (isClient) {
    const client = model.client(action.stream);
    const side = client && world.clients[model.clients.indexOf(client)];
    if (client === undefined || side === undefined) return;
    switch (action.do) {
      case "dispose":
        client.dispose();
        return side.dispose();
      case "cancel":
        client.cancel(action.reason);
        return side.cancel(action.reason);
      case "signal":
        client.signal(action.reason);
        return side.signal(action.reason);
      case "leave":
        client.leave(action.reason);
        return side.leave(action.reason);
      default:
        return applyToEither(action, model, client, side);
    }
  }
  const server = model.server(action.stream);
  const side = server && world.handlers.sides.get(server.key);
  if (server === undefined || side === undefined) return;
  switch (action.do) {
    case "finish":
      server.finish(action.how);
      return side.finish(action.how);
    case "sendHeader":
      server.sendHeader();
      return side.sendHeader();
    case "setTrailer":
      server.setTrailer("t", "1");
      return side.setTrailer("t", "1");
    case "leave":
      server.leave();
      return side.leave(action.reason);
    default:
      return applyToEither(action, model, server, side);
  }
}

type Either = Pick<ClientSide, "read" | "write" | "close" | "abort" | "sendAll">;

function applyToEither(
  action: StreamAction,
  model: WorldModel,
  stream:
    & { write(message: ReturnType<WorldModel["nextMessage"]>, congested: boolean): void }
    & Omit<Either, "write">,
  side: Either,
): void {
  switch (action.do) {
    case "read":
      stream.read();
      return side.read();
    case "write": {
      const message = model.nextMessage(action.size);
      stream.write(message, model.congested(action.side));
      return side.write(message);
    }
    case "close":
      stream.close();
      return side.close();
    case "abort":
      stream.abort(action.reason);
      return side.abort(action.reason);
    case "sendAll": {
      const messages = Array.from({ length: action.kind === "two" ? 2 : 1 }, () => model.nextMessage(10));
      stream.sendAll(action.kind, messages);
      return side.sendAll(action.kind, messages);
    }
  }
}

/** A scripted frame on a stream that there is, or on one that there is not. */
function frameFor(frame: PeerFrame, stream: number, ids: readonly number[], model: WorldModel): ModelFrame {
  const id = ids.at(-1 - stream % (ids.length + 1)) ?? 0;
  const next = model.setup.client === "script" && frame.t === "Header" ? model.scripted + 1 : 1_000;
  const streamId = id === 0 || stream >= ids.length ? next : id;
  if (streamId === next && next < 1_000) model.scripted++;
  const { t, said, meta } = frame;
  if (t === "Data") return { t, id: streamId, message: model.nextMessage(frame.message?.size ?? 10) };
  if (t === "Header") return { t, id: streamId, meta: { isn: "Test", k: `${model.keys++}` } };
  const rest = { id: streamId, ...(meta === undefined ? {} : { meta }) };
  if (t === "Meta") return { t, ...rest };
  return { t, ...rest, ...(said === undefined ? {} : { said }) };
}
