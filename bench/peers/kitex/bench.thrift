// What the peers of the benchmark say to each other. The first message of a stream says in `text`, as JSON, what is wanted.
namespace go idl

struct Message {
  1: string text
  2: i64 number
  3: binary blob
}

service Bench {
  Message stream(1: Message request) (streaming.mode="server")
  Message collect(1: Message request) (streaming.mode="client")
  Message echo(1: Message request) (streaming.mode="bidirectional")
  Message idle(1: Message request) (streaming.mode="bidirectional")
}
