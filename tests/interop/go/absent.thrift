// What the client knows and no server serves: a method of a newer version of Interop, and a whole service.
namespace go absent

include "interop.thrift"

service Interop {
  interop.Message missing(1: interop.Message request) (streaming.mode="bidirectional")
}

service Absent {
  interop.Message absent(1: interop.Message request) (streaming.mode="bidirectional")
  interop.Message bidi(1: interop.Message request) (streaming.mode="bidirectional")
}
