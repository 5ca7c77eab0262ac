// What the peers of the interop matrix say to each other.
namespace go idl

struct Message {
  1: string text
  2: i64 number
  3: binary blob
}

enum Colour { RED = 1, GREEN = 2, BLUE = 7 }

struct Leaf {
  1: required string name
  2: optional i32 weight
}

union Shape {
  1: string label
  2: Leaf leaf
  3: list<i64> points
}

exception Refused {
  1: i32 code
  2: string reason
}

struct Node {
  1: string name
  2: optional Node next
  3: list<Node> children
}

// Every type of the IDL once, plain, in containers, optional and with a default.
struct Everything {
  1: bool yes
  2: byte small
  3: i16 short_number
  4: i32 number
  5: i64 big
  6: double real
  7: string text
  8: binary raw
  9: Colour colour
  10: Leaf leaf
  11: Shape shape
  12: Refused refused
  13: Node tree
  14: list<string> names
  15: set<i32> primes
  16: map<string, i64> totals
  17: map<i32, list<Leaf>> leaves
  18: list<map<string, set<i64>>> deep
  19: list<list<double>> matrix
  20: map<Colour, string> colours
  21: optional string note
  22: optional i64 count
  23: optional list<binary> blobs
  24: optional bool flag
  25: string greeting = "hello"
  26: i32 answer = 42
  27: optional i32 limit = 10
  28: required i64 must
  30000: string far
}

service Interop {
  Message bidi(1: Message request) (streaming.mode="bidirectional")
  Message client(1: Message request) (streaming.mode="client")
  Message server(1: Message request) (streaming.mode="server")
  Message unary(1: Message request)
  Everything types(1: Everything request) (streaming.mode="bidirectional")
}
