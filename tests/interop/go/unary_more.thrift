// What a server of unary.thrift does not know: a method of its service, and another service.
namespace go unarymore

service Words {
  string whisper(1: string text)
}

service Numbers {
  i64 double(1: i64 number)
}
