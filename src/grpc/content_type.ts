/** Whether a content type is gRPC's, of whatever encoding. Upper case means the same (RFC 9110 8.3.1). */
export function isGrpc(type: string): boolean {
  return /^application\/grpc(?:[+;].*)?$/i.test(type);
}
