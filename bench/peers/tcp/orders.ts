/** What a client of the bare server asks for in its first byte: blocks for so many milliseconds, or its own bytes back. */
export const SEND = 0;
export const ECHO = 1;

export const BLOCK_BYTES = 64 * 1024;
