/** What an answer may take, in milliseconds. */
export interface Limits {
  /** Until the first token. */
  readonly firstTokenMs: number;
  /** For each token after it. */
  readonly tokenMs: number;
  /** For the whole answer. */
  readonly answerMs: number;
  /** Between heartbeats. */
  readonly heartbeatMs: number;
  /** Without an answer to a heartbeat: then the page, or the network in between, is gone. */
  readonly silenceMs: number;
}

export const DEFAULT_LIMITS: Limits = {
  firstTokenMs: 10_000,
  tokenMs: 3_000,
  answerMs: 60_000,
  heartbeatMs: 2_000,
  silenceMs: 10_000,
};
