// What the traced services say to each other.
namespace go idl

struct Message {
  1: string text
}

service Chat {
  Message ask(1: Message request) (streaming.mode="server")
}
