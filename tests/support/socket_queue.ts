/** A plain client that does not read until it is told to: what a server has written waits in the system. */
import { FrameType } from "../../src/ttheader/frame.ts";
import { encodeFrames, WirePeer } from "./wire_peer.ts";

/** How to reach a server. */
export type Dial = () => Promise<Deno.Conn>;

/** What of a server's answers got to a client. */
export interface Arrived {
  readonly dataBytes: number;
  readonly trailers: number;
}

/** Opens stream 1 with one request, by hand. */
export async function opened(
  dial: Dial,
): Promise<{ conn: Deno.Conn; send(): Promise<void>; read(): Promise<Arrived> }> {
  const conn = await dial();
  await conn.write(encodeFrames({ type: FrameType.Header, metadata: { isn: "Test" } }));
  return {
    conn,
    send: async () =>
      void await conn.write(encodeFrames({ type: FrameType.Data, payload: new Uint8Array(10) })),
    async read() {
      const peer = new WirePeer(conn);
      let [dataBytes, trailers] = [0, 0];
      for (let frame = await peer.next(); frame !== undefined; frame = await peer.next()) {
        if (frame.type === FrameType.Data) dataBytes += frame.payload.length;
        if (frame.type === FrameType.Trailer) trailers++;
      }
      await peer.close();
      return { dataBytes, trailers };
    },
  };
}
