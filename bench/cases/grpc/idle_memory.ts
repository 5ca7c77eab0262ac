import { type Case, under } from "../../harness/case.ts";
import { idleMemory } from "../idle_memory.ts";

/** What a live stream costs on which nothing has happened yet, at each end. */
export const grpcIdleMemory: Case = {
  ...idleMemory,
  name: "gRPC: memory of a live idle stream",
  protocol: "grpc",
  targets: [
    under(1300, "bytes", "clientBytes", "at the client"),
    under(1300, "bytes", "serverBytes", "at the server"),
  ],
};
