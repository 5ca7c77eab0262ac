import { Random } from "../../support/random.ts";
import { join, MESSAGE, METHOD, string16, string32, uint } from "./bytes.ts";
import { closed, cut, group, type Line, type Malformed } from "./case.ts";

const thriftCall = join(uint(4, 0x8001_0001), string32(METHOD), uint(4, 1), MESSAGE);
const unary = join(0x00, 0x00, 0x10, uint(2, 1), uint(2, 9), string16(METHOD), 0, 0);

/** What clients of other protocols say first. */
const lines: readonly Line[] = [
  ["HTTP/1.1", join("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), closed],
  ["HTTP/1.1, a POST with a body", join("POST /x HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody"), closed],
  ["HTTP/2's preface", join("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", uint(4, 0), 4, uint(4, 0)), closed],
  [
    "a WebSocket's upgrade",
    join("GET /chat HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"),
    closed,
  ],
  ["TLS 1.0's hello", join(uint(1, 0x16), uint(2, 0x0301), uint(2, 200), 1, new Uint8Array(199)), closed],
  ["TLS 1.3's hello", join(0x16, uint(2, 0x0303), uint(2, 512), 1, new Uint8Array(511).fill(7)), closed],
  ["SSH", join("SSH-2.0-OpenSSH_9.6\r\n"), closed],
  ["Redis, PING", join("*1\r\n$4\r\nPING\r\n"), closed],
  ["Redis, inline", join("SET key value\r\n"), closed],
  ["SMTP", join("EHLO example.org\r\n"), closed],
  ["MySQL's handshake", join(0x4a, 0, 0, 0, 0x0a, "8.0.36\0", new Uint8Array(60)), closed],
  [
    "PostgreSQL's startup",
    join(uint(4, 41), uint(4, 196_608), "user\0postgres\0database\0postgres\0\0"),
    closed,
  ],
  ["MongoDB", join(0x3a, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0xd4, 7, 0, 0, new Uint8Array(42)), closed],
  ["MQTT", join(0x10, 0x10, 0, 4, "MQTT", 4, 2, 0, 60, 0, 4, "test"), closed],
  ["AMQP", join("AMQP", 0, 0, 9, 1), closed],
  ["Memcached", join("get some_key\r\n"), closed],
  ["the PROXY protocol 1", join("PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n"), closed],
  [
    "the PROXY protocol 2",
    join(
      0x0d,
      0x0a,
      0x0d,
      0x0a,
      0x00,
      0x0d,
      0x0a,
      0x51,
      0x55,
      0x49,
      0x54,
      0x0a,
      0x21,
      0x11,
      uint(2, 12),
      new Uint8Array(12),
    ),
    closed,
  ],
  ["thrift, buffered", thriftCall, closed],
  ["thrift, framed", join(uint(4, thriftCall.length), thriftCall), closed],
  ["thrift, compact", join(0x82, 0x21, 1, 5, METHOD, 0, 0, 0), closed],
  [
    "TTHeader, unary",
    join(
      uint(4, 10 + unary.length + thriftCall.length),
      uint(2, 0x1000),
      uint(2, 0),
      uint(4, 1),
      uint(2, unary.length / 4),
      unary,
      thriftCall,
    ),
    closed,
  ],
  ["a HTTP/2 frame without the preface", join(0, 0, 0, 4, 0, uint(4, 0)), closed],
  ["zeros", new Uint8Array(64), closed],
  ["a mebibyte of zeros", new Uint8Array(1 << 20), closed],
  ["0xff", new Uint8Array(64).fill(0xff), closed],
  ["a line feed", join("\n"), cut],
];

const random = (seed: number): Line => {
  const source = new Random(seed);
  return [`garbage, seed ${seed}`, source.bytes(8 + source.below(4000)), closed];
};

/** A frame's first bytes are right, so that its insides are read. */
const inside = (seed: number): Line => {
  const source = new Random(seed);
  const rest = source.bytes(200);
  const header = join(uint(2, 0x1000), uint(2, 2), uint(4, 1), uint(2, 20), 0x10, 0);
  return [
    `a good beginning, then garbage, seed ${seed}`,
    join(uint(4, header.length + rest.length), header, rest),
    closed,
  ];
};

const seeds = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);

export const foreign: readonly Malformed[] = [
  ...group("other protocols", lines, { first: true }),
  ...group("garbage", [...seeds(1, 12).map(random), ...seeds(101, 12).map(inside)], { first: true }),
];
