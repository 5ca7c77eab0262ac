/** The conversation: what is on the screen, and what a reload finds again. */
import { byId, element } from "./dom.js";

const STORED = "ttstream-chat";

/**
 * @typedef {object} Message
 * @property {"question" | "answer"} from
 * @property {string} text
 * @property {string} [id] An answer's: the one that its chain is known by.
 * @property {string} [note] What became of an answer.
 * @property {"asked" | "well" | "stopped" | "failed"} [state] Of an answer.
 */

export class Messages {
  #list = byId("messages");
  #scroll = byId("scroll");
  /** @type {Message[]} */
  #messages = [];

  constructor() {
    // A tab that is closed has no use for it; one that is reloaded has.
    addEventListener("pagehide", () => this.#store());
  }

  get empty() {
    return this.#messages.length === 0;
  }

  /** What was there before a reload. @returns {Message | undefined} The last answer. */
  restore() {
    /** @type {Message[]} */
    const stored = JSON.parse(sessionStorage.getItem(STORED) ?? "[]");
    for (const message of stored) this.#show(message);
    return stored.at(-1);
  }

  /** @param {string} text */
  question(text) {
    this.#show({ from: "question", text });
  }

  /** An answer that begins. @param {string} id */
  answer(id) {
    return this.#show({ from: "answer", text: "", id, state: "asked" });
  }

  /** The last answer, to go on with. */
  last() {
    const message = this.#messages.at(-1);
    const item = this.#list.lastElementChild;
    return message?.from === "answer" && item !== null ? this.#view(message, item) : undefined;
  }

  /** Shows the newest. */
  toEnd() {
    this.#scroll.scrollTop = this.#scroll.scrollHeight;
  }

  clear() {
    this.#messages = [];
    this.#list.replaceChildren();
    sessionStorage.removeItem(STORED);
  }

  #store() {
    sessionStorage.setItem(STORED, JSON.stringify(this.#messages));
  }

  /** @param {Message} message */
  #show(message) {
    this.#messages.push(message);
    const item = element(
      `li.${message.from}`,
      {},
      element("span.hidden", {}, message.from === "question" ? "You: " : "Answer: "),
      element("div.text", {}, message.text.trimStart()),
      element("p.note", {}, message.note ?? ""),
    );
    this.#list.append(item);
    const view = this.#view(message, item);
    view.settle(message.state, message.note);
    this.toEnd();
    return view;
  }

  /** Follows what grows at the end, unless somebody has scrolled up, who is reading. @param {() => void} grow */
  #grow(grow) {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroll;
    grow();
    if (scrollHeight - scrollTop - clientHeight < 80) this.toEnd();
  }

  /** @param {Message} message @param {Element} item */
  #view(message, item) {
    const [text, note] = [item.querySelector(".text"), item.querySelector(".note")];
    return {
      /** One more token. @param {string} token */
      add: (token) => {
        message.text += token;
        if (message.text === token) token = token.trimStart();
        this.#grow(() => text?.append(token));
      },
      /** @param {Message["state"]} state @param {string} [words] */
      settle: (state, words) => {
        if (state !== undefined) message.state = state;
        if (words !== undefined) message.note = words;
        this.#grow(() => {
          item.setAttribute("data-state", message.state ?? "");
          if (note !== null) note.textContent = message.note ?? "";
        });
        if (state !== "asked") this.#store();
      },
      get text() {
        return message.text;
      },
    };
  }
}
