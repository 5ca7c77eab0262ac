namespace go chat

enum Mood {
  GOOD = 1
  BAD = 2
}

struct Question {
  1: string text
  2: optional i64 user
  3: optional Mood mood
}

struct Word {
  1: string text
}

exception Overdrawn {
  1: i64 missing
}

service Chat {
  Word Ask(1: Question question) (streaming.mode="server")
  Word Talk(1: Question question) (streaming.mode="bidirectional")
  Word Count(1: Question question) (streaming.mode="client")
  i32 Add(1: i32 a, 2: i32 b)
  i64 Withdraw(1: i64 amount) throws (1: Overdrawn overdrawn)
  Mood Cheer(1: Mood mood)
  string Ping()
  void Forget(1: string name)
  oneway void Log(1: string line)
}
