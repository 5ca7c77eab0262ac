include "more/shared.thrift"

const string GREETING = "hi"

enum Level { LOW = -1, HIGH = 1 }

struct Base { 1: string id; 2: shared.Extra extra }

service Parent {
  Base Inherited(1: shared.Extra extra) (streaming.mode="server")
  void old()
}
