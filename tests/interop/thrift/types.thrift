// What Go and Deno hand each other, to show that both write and read the same.
namespace go types

enum Level {
  BELOW = -5
  LOW = 1
  MID
  HIGH = 100
}

typedef i64 Id
typedef map<string, list<Leaf>> Index

const i32 ANSWER = 42
const list<string> COLOURS = ["red", "green"]

struct Empty {}

struct Leaf {
  1: required string name
  2: optional i32 weight
}

struct Scalars {
  1: bool flag
  2: byte tiny
  3: i8 small
  4: i16 medium
  5: i32 number
  6: i64 big
  7: double real
  8: string text
  9: binary raw
  10: Level level
  11: Id id
  30000: string far
}

struct Optionals {
  1: optional bool flag
  2: optional byte tiny
  3: optional i16 medium
  4: optional i32 number
  5: optional i64 big
  6: optional double real
  7: optional string text
  8: optional binary raw
  9: optional Level level
  10: optional Id id
  11: optional Leaf leaf
  12: optional list<string> names
  13: optional set<i32> primes
  14: optional map<string, i64> totals
  15: optional Choice choice
}

struct Requireds {
  1: required bool flag
  2: required byte tiny
  3: required i16 medium
  4: required i32 number
  5: required i64 big
  6: required double real
  7: required string text
  8: required binary raw
  9: required Level level
  10: required Id id
  11: required Leaf leaf
  12: required list<string> names
  13: required set<i32> primes
  14: required map<string, i64> totals
  15: required Choice choice
}

struct Defaults {
  1: string greeting = "hello"
  2: i32 answer = ANSWER
  3: required bool sure = true
  4: optional i32 limit = 10
  5: optional Level level = Level.HIGH
  6: list<string> colours = COLOURS
  7: optional map<string, i32> weights = {"a": 1}
  8: set<i64> ids = [1, 2]
  9: double half = 0.5
  10: binary raw = "bytes"
  11: Leaf leaf = {"name": "oak"}
}

struct Containers {
  1: list<bool> flags
  2: list<byte> tinies
  3: list<i16> mediums
  4: list<i32> numbers
  5: list<Id> ids
  6: list<double> reals
  7: list<string> texts
  8: list<binary> raws
  9: list<Level> levels
  10: list<Leaf> leaves
  11: set<string> words
  12: set<i64> bigs
  13: set<Leaf> different
  14: set<binary> blobs
  15: map<bool, byte> by_flag
  16: map<byte, bool> by_tiny
  17: map<i16, i32> by_medium
  18: map<i32, i16> by_number
  19: map<i64, double> by_big
  20: map<double, i64> by_real
  21: map<string, binary> by_text
  22: map<Level, Level> by_level
  23: Index index
  24: list<map<string, set<i64>>> deep
  25: map<string, map<i32, list<list<Choice>>>> deeper
  26: list<Empty> empties
}

union Choice {
  1: string text
  2: i64 number
  3: Leaf leaf
  4: list<Choice> choices
  5: map<Level, binary> blobs
  6: Empty nothing
}

exception Failure {
  1: required i32 code
  2: string message
  3: optional list<string> details
}

struct Tree {
  1: i32 value
  2: list<Tree> children
  3: optional Tree next
  4: map<string, Tree> named
}

struct Everything {
  1: Scalars scalars
  2: Optionals optionals
  3: required Requireds requireds
  4: Defaults defaults
  5: Containers containers
  6: Choice choice
  7: optional Choice maybe
  8: list<Choice> choices
  9: Failure failure
  10: Tree tree
  11: Empty empty
}

// What follows is for the differences that there are.

struct Chain {
  1: Chain next
  2: i32 value
}

struct Ping {
  1: Pong pong
}

struct Pong {
  1: Ping ping
  2: string ball
}

struct Strict {
  1: required i32 number
}

struct Holder {
  1: Strict strict
  2: i32 number
}

struct Older {
  1: string text
}

struct Retyped {
  1: i32 text
  2: i32 number
}

union OlderChoice {
  1: string text
}

struct OlderHolder {
  6: OlderChoice choice
}
