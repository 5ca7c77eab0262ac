// What the examples and the demo say to each other. `deno task generate` writes gen/chat.ts.

namespace go chat

struct ChatRequest {
  1: string message
}

struct ChatResponse {
  1: string word
}

/** Answers a question word by word. */
service Chat {
  ChatResponse Ask(1: ChatRequest request) (streaming.mode="server")
}

/** What a chat asks in its turn. */
service Model {
  ChatResponse Generate(1: ChatRequest request) (streaming.mode="server")
}

/** Says everything back. */
service Echo {
  ChatResponse Echo(1: ChatRequest request) (streaming.mode="bidirectional")
}

struct CountRequest {
  1: i64 start
}

struct CountResponse {
  1: i64 number
}

/** Counts up, without an end. */
service Counter {
  CountResponse Count(1: CountRequest request) (streaming.mode="server")
}

struct ReadRequest {
  1: string title
}

struct Page {
  1: string text
}

/** Reads books aloud, page by page. */
service Library {
  Page Read(1: ReadRequest request) (streaming.mode="server")
}
