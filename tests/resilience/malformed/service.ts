import { defineService, type Handler, implement } from "../../../mod.ts";
import { field, i64, struct } from "../../../src/thrift/mod.ts";
import { METHOD, SERVICE } from "./bytes.ts";

/** As much of the interop peers' `Everything` as has to be there. */
const Must = struct("Must", { must: field(28, i64, { required: true }) });

/** What the malformed bytes are sent to: the same service as the Kitex peer has, with the Thrift codec. */
export function echoService(): Handler {
  const service = defineService(SERVICE, {
    types: { kind: "bidirectional", name: METHOD, request: Must, response: Must },
  });
  return implement(service, {
    async *types({ readable }) {
      yield* readable;
    },
  });
}
