import type { FunctionNode } from "./ast.ts";
import type { Module } from "./load.ts";
import type { Resolver } from "./resolve.ts";

/** The words of the annotation `streaming.mode` for methods that stream. */
export type StreamingKind = "bidirectional" | "client" | "server";

const MODE = "streaming.mode";

/**
 * The annotation `streaming.mode` of a method as thriftgo reads it (its `generator/golang/streaming`): at most once,
 * and with one of four words; such a method takes one argument.
 */
export function streamingMode(
  resolver: Resolver,
  module: Module,
  node: FunctionNode,
): StreamingKind | "unary" | undefined {
  const [annotation, again] = node.annotations.filter(({ key }) => key === MODE);
  if (annotation === undefined) return undefined;
  const { value, offset } = annotation;
  if (again !== undefined) {
    resolver.report(module, again.offset, `expected ${MODE} once for a method`);
    return undefined;
  }
  if (value !== "bidirectional" && value !== "client" && value !== "server" && value !== "unary") {
    resolver.report(
      module,
      offset,
      `expected "bidirectional", "client", "server" or "unary", found "${value}"`,
    );
    return undefined;
  }
  const { length } = node.parameters;
  if (length !== 1) {
    const message =
      `expected exactly one argument of the streaming method ${node.name.text}, found ${length}`;
    resolver.report(module, node.parameters[1]?.name.offset ?? node.name.offset, message);
    return undefined;
  }
  return value;
}
