/** What the model has by heart. */
import { BizStatusError } from "@ttstream/ttstream";

/** What is said to a question, and what becomes of it. */
export interface Recital {
  /** Words, each with the space in front of it. */
  readonly tokens: Iterable<string>;
  /** How many tokens the whole answer has; absent where it has no end. */
  readonly length?: number | undefined;
  /** What happens where the tokens are over, if not a good end. */
  readonly mishap?: "silence" | "failure" | undefined;
}

/** Tokens after which an answer with a mishap breaks off. */
const BREAKS_AT = 24;

/**
 * What the model says to a question.
 *
 * @throws {BizStatusError} 400 for no question, 403 for one that it does not answer.
 */
export function answerTo(question: string): Recital {
  const asked = question.toLowerCase();
  const about = (...words: string[]) => words.some((word) => asked.includes(word));
  if (asked.trim() === "") throw new BizStatusError(400, "there is no question");
  if (about("secret")) throw new BizStatusError(403, "the model does not tell secrets");
  if (about("count")) return { tokens: counting() };
  if (about("lose your thread")) return broken(STORY, "failure");
  if (about("fall asleep")) return broken(STORY, "silence");
  if (about("story")) return whole(STORY);
  if (about("sky", "blue")) return whole(SKY);
  if (about("stop", "cancel", "tab", "chain")) return whole(STOP);
  return whole(`You asked: ${question.trim().replace(/\s+/g, " ")} ${ANYTHING}`);
}

function whole(text: string): Recital {
  const tokens = tokensOf(text);
  return { tokens, length: tokens.length };
}

function broken(text: string, mishap: "silence" | "failure"): Recital {
  const tokens = tokensOf(text);
  return { tokens: tokens.slice(0, BREAKS_AT), length: tokens.length, mishap };
}

function tokensOf(text: string): string[] {
  return text.match(/\s*\S+/g) ?? [];
}

function* counting(): Generator<string> {
  for (let number = 1;; number++) yield ` ${number}${number % 10 === 0 ? "." : ","}`;
}

const SKY =
  `Sunlight looks white, but it is every colour at once. On its way down to you it meets the air, and the molecules of the air are very small: far smaller than a wave of light.

Such small things scatter short waves much more than long ones. Blue light, whose waves are two thirds as long as those of red, is scattered five times as strongly. So the red goes straight on, and the blue is thrown about the whole sky, until it reaches your eye from everywhere but the sun.

In the evening the light has a longer way through the air. By the time that it arrives most of the blue has gone astray, over somebody else's afternoon, and what is left for you is the red. A sunset is the rest of other people's blue sky.`;

const STOP =
  `Right now four are at work for you: this page, the gateway, a service A, and a model, which is where these words are made. Each holds one end of a stream, and a word travels through all of them before you can read it.

Press Stop, and the page lets go of its request. The gateway sees that and cancels its stream. One small frame goes to service A, which reads who cancelled, and why. Its own stream to the model was opened for yours, so it ends for the same reason, with one more name in its path. The model hears of it within a millisecond or two, and stops in the middle of a word.

Closing the tab does the same, and so do a reload, a lost network, a model that falls silent, and an answer that takes too long. Nobody makes words that nobody will read.

"Stop and keep" is the polite way. It only says that nothing more will be asked: the model finishes its sentence, and counts what it has used.`;

const STORY =
  `There was a lighthouse keeper who could not sleep, because the lamp told stories. Every turn of the light was a sentence, and every night was a book. Ships that passed took a few words with them, and wondered in their next harbour how the story went on.

One winter the sea was empty. No ship came for a week, and still the lamp went round, and told its story to the snow. The keeper sat on the stairs and listened. It was a good story, about a whale who had learned the names of all the stars, and was looking for somebody to tell them to.

"Why do you tell it," the keeper asked, "when nobody is there to hear it?" The lamp turned a whole round before it answered. "Nobody has told me to stop," it said.

So the keeper thought about that. In the morning a thin line of rope was hung from the lamp down to the water, with a bell at either end. Whoever sailed by and had heard enough could ring it, and the lamp would know at once, and rest, and save its oil for those who were still awake.

It is said that the lamp was glad of it. It had never minded the telling. What it had minded, all those years, was not knowing whether anybody was still there.`;

const ANYTHING =
  `That is a good question, and this model is a small one. It knows four texts by heart, and yours is not among them.

What it can do is talk, one word at a time, through three services and down to your screen. You can interrupt it whenever you like. Watch the chain while you do: every service will tell you when it knew, and which way the news came.

Ask it why the sky is blue, or for a story, or what happens when you press Stop.`;
