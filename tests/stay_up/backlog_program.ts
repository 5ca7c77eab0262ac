// Serves until it is ended; it says where.
import { serve } from "../../mod.ts";

const { addr } = serve({ hostname: "127.0.0.1", port: 0 }, () => {});
if (addr.transport === "tcp") console.log(addr.port);
