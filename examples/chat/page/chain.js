/** The panel beside the chat: each service's stream, and at the end who ended it, and when each of them knew. */
import { byId, element } from "./dom.js";

/** The services from the page on, and what each is. */
const STATIONS = [
  { name: "Gateway", role: "Deno.serve, server-sent events" },
  { name: "ServiceA", role: "the assistant" },
  { name: "ServiceB", role: "the model" },
];

/** How an end reads on its badge. */
const WORDS = {
  idle: "idle",
  open: "streaming",
  well: "ended well",
  canceled: "cancelled",
  failed: "failed",
};

/** Of TTHeader Streaming and of gRPC: time-outs and errors, which are nobody's cancel. */
const FAILURES = new Set([
  12001,
  12002,
  12003,
  12004,
  12005,
  12006,
  12013,
  12014,
  12015,
  2,
  3,
  4,
  13,
  14,
  17,
]);

export class ChainPanel {
  #stations = STATIONS.map((station) => new Station(station.name, station.role));

  constructor() {
    byId("stations").append(
      element("li.you", {}, element("span.lamp"), element("strong", {}, "You"), " this page"),
      ...this.#stations.map(({ item }) => item),
    );
  }

  /** A new chain begins. */
  begin() {
    for (const station of this.#stations) station.show(undefined, "");
    this.verdict("Words are on their way up.");
    byId("saved").hidden = true;
  }

  /** @param {any} picture A chain, as the gateway tells of it. */
  show(picture) {
    const { streams, open, planned } = picture;
    const end = (service, side) => streams.find((one) => one.service === service && one.side === side);
    const [gateway, a, b] = this.#stations;
    const asked = end("ServiceA", "client");
    gateway?.show(end("Gateway", "client"), "");
    // A service of somebody else's has no observer here: its caller tells of it.
    a?.show(
      end("ServiceA", "server") ?? end("Gateway", "client"),
      end("ServiceA", "server") ? "" : "the gateway",
    );
    b?.show(end("ServiceB", "server") ?? asked, end("ServiceB", "server") || !asked ? "" : "ServiceA");
    const made = (end("ServiceB", "server") ?? asked)?.tokens ?? 0;
    document.body.dataset.chain = open > 0 ? "open" : "ended";
    byId("open").textContent = open > 0
      ? `${open} ends of streams are open`
      : "Nothing is open: every stream of this chain has ended.";
    if (open === 0) this.#saved(made, planned);
  }

  /** @param {string} text */
  verdict(text) {
    byId("verdict").textContent = text;
  }

  /** @param {number} made @param {number | undefined} planned */
  #saved(made, planned) {
    const saved = byId("saved");
    saved.hidden = planned === undefined && made === 0;
    const rest = planned === undefined ? "∞" : String(planned - made);
    byId("saved-count").textContent = rest;
    byId("saved-text").textContent = rest === "0"
      ? `tokens left to make: the answer is whole, with ${made}`
      : `tokens that the model did not have to make; it made ${made}${planned ? ` of ${planned}` : ""}`;
    byId("meter").style.width = planned ? `${100 * made / planned}%` : "8%";
  }
}

class Station {
  #name;
  #state = element("span.state", {}, WORDS.idle);
  #tokens = element("span.tokens");
  #after = element("b.after");
  #facts = element("span.facts");
  #text = element("p.words");
  item;

  /** @param {string} name @param {string} role */
  constructor(name, role) {
    this.#name = name;
    this.item = element(
      "li.station",
      { "data-state": "idle", "data-service": name },
      element("span.pipe", { "aria-hidden": "true" }),
      element("span.lamp"),
      element("div.title", {}, element("strong", {}, name), " ", element("small", {}, role)),
      element("div.line", {}, this.#state, this.#tokens, this.#after),
      this.#facts,
      this.#text,
    );
  }

  /** @param {any} stream @param {string} witness Who tells of it, where it is not the service itself. */
  show(stream, witness) {
    const state = stateOf(stream);
    const { end, tokens = 0 } = stream ?? {};
    this.item.dataset.state = state;
    this.#state.textContent = WORDS[state];
    this.#tokens.textContent = stream === undefined ? "" : `${tokens} token${tokens === 1 ? "" : "s"}`;
    this.#after.textContent = end === undefined || state === "well" ? "" : whenOf(end.afterMs);
    const facts = [];
    if (end?.code !== undefined) facts.push(element("code", {}, String(end.code)));
    if (end?.path?.length > 0) facts.push(element("span.path", {}, end.path.join(" → ")));
    if (witness !== "") facts.push(element("em", {}, `as ${witness} saw it`));
    this.#facts.replaceChildren(...facts);
    this.#text.textContent = end?.description ?? end?.message ?? "";
    this.#text.title = end?.message ?? "";
  }

  get name() {
    return this.#name;
  }
}

function stateOf(stream) {
  if (stream === undefined) return "idle";
  if (stream.end === undefined) return "open";
  if (stream.end.message === undefined) return "well";
  return stream.end.code === undefined || FAILURES.has(stream.end.code) ? "failed" : "canceled";
}

/** @param {number} ms After the first who knew. */
function whenOf(ms) {
  return ms === 0 ? "knew first" : `knew +${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
}
