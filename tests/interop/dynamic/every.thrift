// Calls without code, by Kitex's JSON generic call and by ./dynamic: every type, every kind of method.
namespace go dynamic

include "../thrift/types.thrift"

exception Refused {
  1: string message
  2: i32 code
}

service Every {
  types.Everything Echo(1: types.Everything everything)
  // The JSON that the server has been given.
  string Show(1: types.Everything everything)
  i64 Twice(1: i64 number)
  list<types.Leaf> Leaves(1: map<string, types.Leaf> leaves)
  void Nothing(1: string text)
  oneway void Forget(1: string text)
  types.Leaf Refuse(1: types.Leaf leaf) throws (1: Refused refused)
  types.Everything Repeat(1: types.Everything everything) (streaming.mode = "server")
  types.Everything Last(1: types.Everything everything) (streaming.mode = "client")
  types.Everything Talk(1: types.Everything everything) (streaming.mode = "bidirectional")
}
