// What the unary part of the interop runs calls, beside a stream.
namespace go unary

struct Item {
  1: string text
  2: i64 number
  3: binary blob
}

exception NotThere {
  1: string what
  2: i32 tries
}

service Words {
  string shout(1: string text)
  Item echo(1: Item item)
  i64 add(1: i64 a, 2: i64 b)
  void nothing()
  string find(1: string text) throws (1: NotThere missing)
  string fail(1: string text)
  string biz(1: i32 code)
  string meta(1: string text)
  string slow(1: i32 ms)
  oneway void note(1: string text)
  string noted()
  Item repeat(1: Item item) (streaming.mode="server")
}
