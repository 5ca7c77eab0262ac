// What the services of the chat say to each other. `deno task generate` writes gen/chat.ts.

namespace go chat

struct Question {
  1: string text
}

/** A piece of an answer: a word, and the space in front of it. */
struct Token {
  1: string text
}

/**
 * ServiceA: what the gateway asks. The question is the only message of the client; its half close, which may come long
 * after it, asks for an early end: the sentence is finished, and the trailer says how many tokens it were.
 */
service Assistant {
  Token Ask(1: Question question) (streaming.mode="bidirectional")
}

/** ServiceB, the model: the same, and what makes the tokens. */
service Model {
  Token Generate(1: Question question) (streaming.mode="bidirectional")
}
