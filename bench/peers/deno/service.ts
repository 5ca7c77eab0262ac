import { type Codec, defineService, type Method, type Service } from "../../../mod.ts";

/** The methods of bench.thrift, and the unary one of bench.proto. */
export type BenchMethods<T> = {
  readonly stream: Method<"server", T, T>;
  readonly collect: Method<"client", T, T>;
  readonly echo: Method<"bidirectional", T, T>;
  readonly idle: Method<"bidirectional", T, T>;
  readonly unary: Method<"unary", T, T>;
};

/** The service of bench.thrift with messages of `codec`. */
export function benchService<T>(codec: Codec<T>): Service<BenchMethods<T>> {
  return defineService("Bench", {
    stream: { kind: "server", request: codec, response: codec },
    collect: { kind: "client", request: codec, response: codec },
    echo: { kind: "bidirectional", request: codec, response: codec },
    idle: { kind: "bidirectional", request: codec, response: codec },
    unary: { kind: "unary", request: codec, response: codec },
  });
}
