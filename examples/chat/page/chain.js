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

  /** What ends a chain by itself. @param {Record<string, number>} limits In milliseconds. */
  limits({ firstTokenMs, tokenMs, answerMs, silenceMs }) {
    const rows = [["first token", firstTokenMs], ["each token", tokenMs], ["whole answer", answerMs], [
      "silent page",
      silenceMs,
    ]];
    byId("limits").replaceChildren(
      ...rows.map(([name, ms]) =>
        element("div", {}, element("dt", {}, name), element("dd", {}, `${ms / 1000} s`))
      ),
    );
  }

  /** Nothing has been asked. */
  reset() {
    this.begin();
    this.verdict("Ask something, and watch the words come up.");
  }

  /** A new chain begins. */
  begin() {
    for (const station of this.#stations) station.show(undefined);
    this.verdict("Words are on their way up.");
    byId("saved").hidden = true;
    // What the last one left is not this one's.
    byId("open").textContent = "";
    delete document.body.dataset.chain;
  }

  /** Its end cannot be heard of. */
  unheard() {
    byId("open").textContent = "The gateway does not say how it ended.";
    delete document.body.dataset.chain;
  }

  /** @param {any} picture A chain, as the gateway tells of it. */
  show(picture) {
    const { streams, open, planned } = picture;
    const find = (service, side) => streams.find((one) => one.service === service && one.side === side);
    const [gateway, asking] = [find("Gateway", "client"), find("ServiceA", "client")];
    const [a, b] = [find("ServiceA", "server"), find("ServiceB", "server")];
    // A service of somebody else's has no observer here: its caller tells of it.
    const shown = [
      { stream: gateway },
      { stream: a ?? gateway, witness: a ? undefined : "the gateway" },
      { stream: b ?? asking, witness: b ? undefined : "ServiceA" },
    ];
    this.#stations.forEach((station, i) =>
      station.show(shown[i].stream, shown[i].witness, shown[i - 1]?.stream)
    );
    const made = (b ?? asking)?.tokens ?? 0;
    document.body.dataset.chain = open > 0 ? "open" : "ended";
    const lastMs = Math.max(...streams.map(({ end }) => end?.afterMs ?? 0));
    byId("open").textContent = open > 0
      ? `${open} ends of streams are open.`
      : `Ended by ${picture.endedBy}, and all knew within ${lastMs.toFixed(1)} ms. Nothing is open.`;
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
  #state = element("span.state", {}, WORDS.idle);
  #tokens = element("span.tokens");
  #after = element("b.after");
  #facts = element("span.facts");
  #text = element("p.words");
  item;

  /** @param {string} name @param {string} role */
  constructor(name, role) {
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

  /**
   * @param {any} [stream] This end of its stream.
   * @param {string} [witness] Who tells of it, where it is not the service itself.
   * @param {any} [above] The end of the service above: the same words are not said twice.
   */
  show(stream, witness, above) {
    const state = stateOf(stream);
    const { end, tokens = 0 } = stream ?? {};
    this.item.dataset.state = state;
    this.#state.textContent = WORDS[state];
    this.#tokens.textContent = stream === undefined ? "" : `${tokens} token${tokens === 1 ? "" : "s"}`;
    this.#after.textContent = end === undefined || state === "well" ? "" : whenOf(end.afterMs);
    const facts = [];
    if (end?.code !== undefined) facts.push(element("code", {}, String(end.code)));
    if (end?.path?.length > 0) facts.push(element("span.path", {}, end.path.join(" → ")));
    if (stream !== undefined && witness !== undefined) facts.push(element("em", {}, `as ${witness} saw it`));
    const words = wordsOf(stream);
    const same = words !== "" && words === wordsOf(above);
    if (same) facts.push(element("em", {}, "the same words"));
    this.#facts.replaceChildren(...facts);
    this.#text.textContent = same ? "" : words;
    this.item.title = end?.message ?? "";
  }
}

function wordsOf(stream) {
  return stream?.end?.description ?? stream?.end?.message ?? "";
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
