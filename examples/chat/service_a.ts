/** ServiceA, the assistant between the gateway and the model: it asks on, and hands the answer back as it comes. */
import {
  type Address,
  createClient,
  createPool,
  implement,
  type NetAddr,
  type Observer,
  type Protocol,
  serve,
  type Server,
  ttheader,
} from "@ttstream/ttstream";
import { grpc } from "@ttstream/ttstream/grpc";
import { Assistant, Model } from "./gen/chat.ts";

export interface ServiceAOptions {
  /** Where the model listens. */
  readonly model: Address;
  /** What is spoken with the model. Default `ttheader()`. */
  readonly protocol?: Protocol | undefined;
  readonly observers?: readonly Observer[] | undefined;
}

/** Starts ServiceA. The end of its scope ends it, and its connections to the model. */
export function startServiceA({ model, protocol, observers }: ServiceAOptions): ServiceA {
  // A pool dials again where the model was gone for a while. `serviceName` is what the cancel path will show.
  const pool = createPool({ addresses: [model], serviceName: "ServiceA", protocol, observers });
  const client = createClient(Model, pool);

  const assistant = implement(Assistant, {
    async *ask(stream) {
      // `parent` ties the streams together: when the one that is answered ends, so does the one that is read, at once,
      // for the same reason, and with this service's name in the cancel path.
      const call = client.generate({ parent: stream });
      // The question, and the half close behind it, whenever it comes. What goes wrong is told by the call itself.
      call.sendAll(stream.readable).catch(() => {});
      yield* call;
      const usage = (await call.trailer).get("usage-tokens");
      if (usage !== undefined) stream.trailer.set("usage-tokens", usage);
    },
  });
  const server = serve(
    { hostname: "127.0.0.1", port: 0, protocols: [ttheader(), grpc()], observers, onError() {} },
    assistant,
  );
  return {
    addr: server.addr,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await pool[Symbol.asyncDispose]();
    },
  };
}

/** A ServiceA that listens. */
export type ServiceA = Pick<Server<NetAddr>, "addr"> & AsyncDisposable;
