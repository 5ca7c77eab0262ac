import type { Reason } from "./ends.ts";
import type { Message, ModelFrame } from "./frames.ts";
import type { CallPlan } from "./client_model.ts";
import type { Finish } from "./server_model.ts";

export type Direction = "toServer" | "toClient";
type Pump = "two" | "throws" | "stuck";

/** What may be done next. `stream` counts the streams of that side, newest first. */
export type Action =
  | { readonly do: "open"; readonly plan: CallPlan }
  | { readonly do: "read" | "close" | "dispose"; readonly side: "client"; readonly stream: number }
  | {
    readonly do: "read" | "close" | "sendHeader" | "setTrailer";
    readonly side: "server";
    readonly stream: number;
  }
  | {
    readonly do: "write";
    readonly side: "client" | "server";
    readonly stream: number;
    readonly size: number;
  }
  | {
    readonly do: "sendAll";
    readonly side: "client" | "server";
    readonly stream: number;
    readonly kind: Pump;
  }
  | { readonly do: "cancel" | "signal"; readonly stream: number; readonly reason: Reason }
  | {
    readonly do: "abort" | "leave";
    readonly side: "client" | "server";
    readonly stream: number;
    readonly reason: Reason;
  }
  | { readonly do: "finish"; readonly stream: number; readonly how: Finish }
  | { readonly do: "deliver"; readonly to: Direction; readonly all: boolean }
  | { readonly do: "pass"; readonly ms: number }
  | { readonly do: "peer"; readonly stream: number; readonly frame: PeerFrame; readonly copies: number }
  | { readonly do: "fin"; readonly to: Direction }
  | { readonly do: "reset" | "client abort" | "client dispose" | "drain" | "cut" }
  | { readonly do: "client close"; readonly graceMs: number | undefined };

/** What a scripted peer sends; on which stream is the action's to say. */
export type PeerFrame = {
  readonly t: ModelFrame["t"];
  readonly said?: { readonly type: number; readonly message: string } | "junk" | undefined;
  readonly meta?: Readonly<Record<string, string>> | undefined;
  readonly message?: Message | undefined;
};
