/** What the three services say to each other: the services and their messages, the same for client and server. */
import { type Codec, defineService } from "@ttstream/ttstream";

export interface ChatRequest {
  message: string;
}

export interface ChatResponse {
  word: string;
}

// The messages travel as plain text, so that nothing here distracts from the streams.
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const request: Codec<ChatRequest> = {
  encode: ({ message }) => encoder.encode(message),
  decode: (payload) => ({ message: decoder.decode(payload) }),
};
const response: Codec<ChatResponse> = {
  encode: ({ word }) => encoder.encode(word),
  decode: (payload) => ({ word: decoder.decode(payload) }),
};

/** What ServiceB offers to gateways. */
export const Chat = defineService("Chat", {
  ask: { kind: "server", name: "Ask", request, response },
});

/** What ServiceC offers to ServiceB. */
export const Model = defineService("Model", {
  generate: { kind: "server", name: "Generate", request, response },
});
