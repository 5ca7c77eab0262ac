/** An address of TCP, as Deno has it. */
export interface NetAddr {
  /** Which protocol. */
  transport: "tcp" | "udp";
  /** The host's name or address. */
  hostname: string;
  /** The port. */
  port: number;
}

/** An address of a Unix socket, as Deno has it. */
export interface UnixAddr {
  /** Which sort of socket. */
  transport: "unix" | "unixpacket";
  /** The socket's path. */
  path: string;
}

/** An address of a VSOCK, as Deno has it. */
export interface VsockAddr {
  /** Which protocol. */
  transport: "vsock";
  /** The context. */
  cid: number;
  /** The port. */
  port: number;
}

/** Where a socket is. */
export type Addr = NetAddr | UnixAddr | VsockAddr;
