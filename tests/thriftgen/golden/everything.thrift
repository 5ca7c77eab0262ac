# The file's own comment, in the third style.

namespace go tests.everything
namespace * tests.everything (uri = "https://example.com/everything")
namespace py.twisted everything
cpp_include "<unordered_map>"

include "shared.thrift"
include 'more/shared.thrift' // of the same name

/** The largest page. */
const i32 MAX_PAGE = 0x64
const i64 BIG = 9007199254740993;
const byte SMALL = -128,
const bool ON = 1
const double HALF = .5 // a half
const double WHOLE = 2
const string QUOTED = 'say "it"\'s\n\ttab \x41 \u00e9'
const string LATER = SOONER
const string SOONER = "sooner"
const binary BYTES = "\x00\xff"
const list<i32> PAGES = [1, 2; MAX_PAGE]
const set<string> NAMES = ["a", SOONER]
const map<string, list<Color>> SHADES = {
  "warm": [Color.RED, 2],
  'cold': [],
}
const Color FAVOURITE = Color.BLUE
const i32 BLUE_NUMBER = Color.BLUE
const shared.Level LEVEL = shared.Level.HIGH
const string GREETING = shared.GREETING
const Point ORIGIN = {"x": 1, "label": shared.GREETING}
const list<Point> CORNERS = [ORIGIN, {"x": 2, "weights": {1: 0.5}}]

/* Colors, as
   they come. */
enum Color {
  RED, // the first
  GREEN = 2,
  /** Like the sky. */
  BLUE;
  BLACK = 0x10 (deprecated = "use BLUE")
} (go.type = "color")

enum Nothing {}

typedef i64 Id
typedef list<map<Id, Point>> Atlas (x = "y")
/** A point by another name. */
typedef Point Spot
typedef shared.Base SharedBase
typedef shared.Level Level

// ---- structs ----

/**
 * A point.
 *
 *     indented, with a star-slash
 */
struct Point {
  1: required i32 x = MAX_PAGE
  2: i32 y = 3, /* beside it */
  // Line one.
  // Line two.
  3: optional string label
  -1: map<i64, double> weights (go.tag = 'json:"w"')
  5: optional Color color = Color.GREEN;
}

struct AllTypes {
  1: bool b
  2: byte y
  3: i8 tiny
  4: i16 short_one
  5: i32 i
  6: i64 l
  7: double d
  8: string s
  9: binary bytes
  10: list<string> names
  11: set<i32> numbers
  12: map cpp_type "std::unordered_map" <string, list<set<Id>>> deep
  13: Color color
  14: Atlas atlas
  15: Point point
  16: Content content
  17: Failure failure
  18: shared.Base base
  19: shared.Extra extra
  20: Tree tree
  21: optional SharedBase again
  22: required list<Level> levels = [shared.Level.LOW]
  23: string class = "reserved"
  24: string __proto__
  25: set<set<i32>> sets = [[1], []]
}

/** One or the other. */
union Content {
  1: string text // words
  2: binary image
  3: Tree tree
}

union Single { 1: string only }

union Never {}

struct Empty {}

struct Tree {
  1: string value
  2: list<Tree> children
  3: optional Tree parent
  4: optional Later later
}

struct Later { 1: optional Tree tree }

// Structs that hold themselves, and so may be left out.
struct Chain {
  1: Chain next
  2: i32 value
}
struct Ping { 1: Pong pong }
struct Pong { 1: Ping ping }

exception Failure {
  string message
  i32 code
}
/** Nothing to say. */
exception Error {}
exception Odd {
  1: optional i32 message // no text
  2: string name
  3: optional list<Odd> causes
  4: required Never never
  5: i64 stack_ = 7
}
exception ALongNameThatLeavesNoRoomForAnException {
  1: optional string message
  2: i32 aFieldWithAVeryLongNameThatIsTooLongForOneLine
}

/* Names that mean something in TypeScript. */
struct Map { 1: map<string, Set> set }
struct Set { 1: set<string> map }
struct class { 1: i32 function }
struct class_ { 1: class field }
struct field { 1: string struct }
struct Service { 1: string name }
struct ALongNameThatLeavesNoRoomOnItsLineForAnythingElse {
  1: optional map<string, list<ALongNameThatLeavesNoRoomOnItsLineForAnythingElse>> a_field_with_a_long_name
  2: string another_field_with_a_long_name = "a text that goes on for so long that it needs a line of its own"
}

/** Talks. */
service Chat extends shared.Parent {
  /** Both ways. */
  Tree SayHello(1: Point point) throws (1: Failure failure) (streaming.mode = "bidirectional")
  shared.Extra list_extras(1: SharedBase base) (streaming.mode = 'server', deprecated = "");
  Spot UPLOAD_ALL(1: AllTypes all) (streaming.mode="client"),
  Tree then(Tree tree) (streaming.mode="client")
  Tree Once(1: Tree tree) (streaming.mode="unary")
  oneway void fire(1: string what, 2: optional i32 howOften = 3)
  void ping()
  string names(1: Tree tree) (streaming.mode="server")
  Tree _hidden(1: Tree tree) (streaming.mode="server")
}

/** Every argument and every result. */
service Calls {
  i64 add(1: i64 a, 2: i64 b = BIG) throws (1: Failure failure, 2: Error success)
  Content choose(1: Content content)
  map<Color, list<Point>> colours(1: set<Color> colours, 3: optional Content content) throws (4: Odd odd)
  binary bytes(1: required binary bytes)
  Failure fail(1: Failure failure)
  void aMethodWithALongNameThatLeavesNoRoom(1: string anArgumentWithALongNameToo) throws (1: ALongNameThatLeavesNoRoomForAnException e)
}

service Idle {}
