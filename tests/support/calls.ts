import {
  type Call,
  type CallOptions,
  type ClientStream,
  createClient,
  defineService,
  type StreamOpener,
} from "../../mod.ts";
import { text } from "./codecs.ts";
import { type Form, openerOf } from "./forms.ts";

/** The service that `ClientScript` plays, whose one method is of every kind. */
export const Test = {
  talk: defineService("Test", {
    echo: { kind: "bidirectional", name: "Echo", request: text, response: text },
  }),
  list: defineService("Test", { echo: { kind: "server", name: "Echo", request: text, response: text } }),
  join: defineService("Test", { echo: { kind: "client", name: "Echo", request: text, response: text } }),
};

/** A kind of call, opened in a form. */
export interface OpenCall {
  readonly name: string;
  open(opener: StreamOpener, form: Form, options?: CallOptions): Call;
}

/** Calls of every kind, raw ones among them. */
export const CALLS: readonly OpenCall[] = [
  {
    name: "openStream",
    open: (opener, form, options): ClientStream =>
      openerOf(form, opener).openStream({ service: "Test", method: "Echo" }, options),
  },
  {
    name: "bidirectional",
    open: (opener, form, options) => createClient(Test.talk, openerOf(form, opener)).echo(options),
  },
  {
    name: "server streaming",
    open: (opener, form, options) => createClient(Test.list, openerOf(form, opener)).echo("request", options),
  },
  {
    name: "client streaming",
    open: (opener, form, options) => createClient(Test.join, openerOf(form, opener)).echo(options),
  },
];
