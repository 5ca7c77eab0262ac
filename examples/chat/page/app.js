/** What the page does: it asks, shows, stops, and tells what became of it. */
import { ask, chainOf, heard, info, keep, newId, Refused } from "./api.js";
import { ChainPanel } from "./chain.js";
import { byId } from "./dom.js";
import { Messages } from "./messages.js";

/** Milliseconds for which a chain that has been cut is asked whether it has ended, and between two questions. */
const ENDING_MS = 3_000;
const AGAIN_MS = 40;

/** A stop has a reason; the page says it, and no service needs it. */
const STOPPED = "You stopped.";
const NETWORK_LOST = "The network is gone.";
const LEFT = "The page is being left.";

const messages = new Messages();
const chain = new ChainPanel();
const form = byId("form");
const question = byId("question");
if (!(question instanceof HTMLTextAreaElement) || !(form instanceof HTMLFormElement)) {
  throw new Error("no form");
}

/** The answer that is being read. @type {{ id: string, stop: (why: string) => void } | undefined} */
let current;
/** Whether this page is going. */
let leaving = false;
/** Milliseconds of silence after which the page gives the network up, as the gateway does. */
let silenceMs = 10_000;

async function answer(text) {
  const id = newId();
  const stopping = new AbortController();
  current = { id, stop: (why) => stopping.abort(why) };
  leaving = false; // somebody who asks has stayed after all
  messages.question(text);
  const shown = messages.answer(id);
  const finish = (state, note) => {
    shown.settle(state, note);
    say(note);
  };
  render();
  chain.begin();
  say("Asking.");
  const lost = () => stopping.abort(NETWORK_LOST);
  let listening = 0;
  const watching = watch(id);
  try {
    for await (const { event, data } of ask(id, text, stopping.signal)) {
      watching.stop();
      clearTimeout(listening);
      listening = setTimeout(lost, silenceMs);
      if (event === "heartbeat") heard(id);
      if (event === "token") shown.add(data.text);
      if (data.chain ?? (event === "chain" ? data : undefined)) chain.show(data.chain ?? data);
      if (event === "done") {
        // Only a model of somebody else's does not say.
        const usage = data.usage === null ? "unknown" : `${data.usage} token${data.usage === 1 ? "" : "s"}`;
        finish(
          "well",
          data.kept ? `Kept after its sentence. Usage, from the trailer: ${usage}.` : `Whole: ${usage}.`,
        );
        chain.verdict(
          data.kept
            ? "You asked for an early end. The model finished its sentence, and said in the trailer what it used."
            : "The model came to its end, and nobody had to be told.",
        );
        return;
      }
      if (event === "error") {
        finish("failed", data.message);
        chain.verdict(
          `${data.chain.endedBy ?? "Somebody"} ended it, after the first token: an event tells the page.`,
        );
        return;
      }
    }
    throw new Error("The connection broke off.");
  } catch (error) {
    if (leaving) return; // the page that comes next tells of it
    if (error instanceof Refused) {
      finish("failed", `HTTP ${error.status}: ${error.message}`);
      chain.verdict(`It ended before its first token, so the page reads HTTP ${error.status}.`);
    } else if (stopping.signal.aborted && stopping.signal.reason === STOPPED) {
      finish("stopped", STOPPED);
      chain.verdict("You stopped: the page let go of its request, and the gateway cancelled the chain.");
    } else {
      finish("failed", stopping.signal.aborted ? NETWORK_LOST : "The connection to the gateway is lost.");
      chain.verdict("The page has lost the gateway, and the gateway the page.");
    }
  } finally {
    watching.stop();
    clearTimeout(listening);
    current = undefined;
    render();
    await settled(id);
  }
}

/** Shows the chain while the gateway waits for the first token: its answer has not begun. */
function watch(id) {
  const timer = setInterval(async () => {
    const picture = await chainOf(id).catch(() => undefined);
    if (picture !== undefined && current?.id === id) chain.show(picture);
  }, 150);
  return { stop: () => clearInterval(timer) };
}

/** Shows the chain when every stream of it has ended, which is soon. */
async function settled(id) {
  for (const until = performance.now() + ENDING_MS; performance.now() < until && current === undefined;) {
    const picture = await chainOf(id).catch(() => undefined);
    if (current !== undefined) return;
    if (picture !== undefined) chain.show(picture);
    if (picture?.open === 0) return;
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
  if (current === undefined) chain.unheard();
}

/** For those who do not see it. */
function say(text) {
  byId("status").textContent = text;
}

function leave() {
  leaving = true;
  current?.stop(LEFT);
}

function render() {
  const asking = current !== undefined;
  byId("welcome").hidden = !messages.empty;
  byId("clear").hidden = messages.empty || asking;
  byId("send").hidden = asking;
  byId("stop").hidden = !asking;
  byId("keep").hidden = !asking;
  if (byId("keep") instanceof HTMLButtonElement) byId("keep").removeAttribute("disabled");
}

function submit(text) {
  if (text.trim() === "" || current !== undefined) return;
  answer(text.trim());
}

/** Back to the question; where there is only touch to the words, which a keyboard on the screen would hide. */
function focus() {
  byId(matchMedia("(hover: none)").matches ? "scroll" : "question").focus({ preventScroll: true });
}

function fit() {
  question.style.height = "auto";
  question.style.height = `${question.scrollHeight}px`;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  submit(question.value);
  question.value = "";
  fit();
});
question.addEventListener("input", fit);
question.addEventListener("keydown", (event) => {
  // While a word is being composed Enter belongs to the input method.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  if (current === undefined) form.requestSubmit();
});
addEventListener("keydown", (event) => {
  // While a word is being composed it takes that back, and no more.
  if (event.key === "Escape" && !event.isComposing) current?.stop(STOPPED);
});
byId("stop").addEventListener("click", () => {
  current?.stop(STOPPED);
  focus();
});
byId("keep").addEventListener("click", () => {
  if (current === undefined) return;
  byId("keep").setAttribute("disabled", "");
  keep(current.id).catch(() => {/* the answer's own end tells it */});
});
byId("clear").addEventListener("click", () => {
  messages.clear();
  chain.reset();
  render();
  focus();
});
byId("ideas").addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  if (button === null) return;
  submit(button.dataset.ask ?? button.textContent);
  focus();
});
byId("toggle").addEventListener("click", () => {
  const shown = document.body.classList.toggle("shows-chain");
  byId("toggle").setAttribute("aria-expanded", String(shown));
  messages.toEnd();
});
// A reload takes the connection away before it hides the page. One that is kept for the back button holds no stream,
// and begins anew when it is shown again.
addEventListener("beforeunload", leave);
addEventListener("pagehide", leave);
addEventListener("pageshow", ({ persisted }) => persisted && location.reload());

info().then(({ protocol, limits }) => {
  silenceMs = limits.silenceMs;
  chain.limits(limits);
  byId("protocol").textContent = protocol === "grpc" ? "gRPC" : "TTHeader Streaming";
}, () => byId("protocol").textContent = "no gateway");

const before = messages.restore();
render();
if (before !== undefined) messages.toEnd(); // the welcome is read from its beginning
if (before?.state === "asked" && before.id !== undefined) {
  messages.last()?.settle("stopped", "You left in the middle.");
  chain.verdict("You left in the middle of an answer: here is what became of it.");
  settled(before.id);
}
focus();
// A link can ask: /?ask=Why… It does so once, not again with every reload.
if (before === undefined) submit(new URLSearchParams(location.search).get("ask") ?? "");
