/** A command for the process of a peer. The process answers each command before it takes the next one. */
export type Command =
  | {
      readonly kind: "publish";
      /** The number of the first message. */
      readonly from: number;
      readonly count: number;
      /** The size of each message's text. */
      readonly bytes: number;
      readonly perSecond: number;
    }
  | { readonly kind: "report" };

/** The memory of a peer's process, in bytes. */
export interface Report {
  /** The resident set now. */
  readonly rss: number;
  /** The largest resident set since the last report. */
  readonly peak: number;
  /** Heap and buffers after a garbage collection. */
  readonly held: number;
  /** What waits for readers: in sockets, and in the queues that the peer shows. */
  readonly queued: number;
}
