import { assertRejects, assertThrows } from "@std/assert";
import { TTStreamError } from "../../mod.ts";
import { GrpcError } from "../../src/grpc/mod.ts";

/** The TTStreamError that `run` throws; anything else fails the test. */
export function streamErrorThrown(run: () => unknown): TTStreamError {
  return assertThrows(run, TTStreamError);
}

/** The TTStreamError that `promise` rejects with; anything else fails the test. */
export function streamErrorOf(promise: PromiseLike<unknown>): Promise<TTStreamError> {
  return assertRejects(async () => await promise, TTStreamError);
}

/** The GrpcError that `promise` rejects with; anything else fails the test. */
export function grpcErrorOf(promise: PromiseLike<unknown>): Promise<GrpcError> {
  return assertRejects(async () => await promise, GrpcError);
}
