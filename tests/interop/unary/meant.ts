/** Where Kitex's client prints something else of this library's server than of Kitex's, and why. */
export interface Meant {
  readonly framings: readonly string[];
  readonly name: string;
  /** What it prints here. */
  readonly line: string;
  readonly why: string;
}

const MEANT: readonly Meant[] = [
  {
    framings: ["framed", "buffered"],
    name: "biz",
    line: '{"case":"biz","error":"remote or network error[remote]: biz error: code=404, msg=no such word"}',
    why:
      "a business error has no place where there is no header: it is an exception, and Kitex's server loses it",
  },
  {
    framings: ["grpc"],
    name: "noted",
    line: '{"case":"noted","result":"remember grpc"}',
    why: "a oneway call over gRPC reaches the handler; Kitex's server calls none",
  },
  {
    framings: ["grpc"],
    name: "unknown method",
    line:
      '{"case":"unknown method","error":"remote or network error: rpc error: code = 12 desc = unknown method whisper"}',
    why: "UNIMPLEMENTED, gRPC's code for it; Kitex sends Thrift's number",
  },
  {
    framings: ["grpc"],
    name: "unknown service",
    line:
      '{"case":"unknown service","error":"remote or network error: rpc error: code = 12 desc = unknown service unarymore.Numbers"}',
    why:
      "UNIMPLEMENTED, gRPC's code for it, and the service as its path names it; Kitex sends Thrift's number",
  },
];

/** What is meant to differ of a case. */
export function meantOf(framing: string, name: string): Meant | undefined {
  return MEANT.find((meant) => meant.framings.includes(framing) && meant.name === name);
}
