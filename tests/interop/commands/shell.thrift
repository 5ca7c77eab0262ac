// What `call` calls at a Kitex server, through `tap`.
namespace go shell

struct Leaf {
  1: required string name
  2: optional i32 weight
}

exception Refused {
  1: string message
}

service Shell {
  Leaf Echo(1: Leaf leaf)
  i64 Twice(1: i64 number)
  void Nothing(1: string text)
  oneway void Forget(1: string text)
  Leaf Refuse(1: Leaf leaf) throws (1: Refused refused)
  Leaf Repeat(1: Leaf leaf) (streaming.mode = "server")
  Leaf Last(1: Leaf leaf) (streaming.mode = "client")
  Leaf Talk(1: Leaf leaf) (streaming.mode = "bidirectional")
}
