/** Whether a content type is gRPC's, of whatever encoding. */
export function isGrpc(type: string): boolean {
  return /^application\/grpc(?:[+;].*)?$/.test(type);
}
