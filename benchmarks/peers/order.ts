/** What the process of a peer is told to do. It answers each order before it takes the next one. */
export type Order =
  | {
      readonly kind: "publish";
      /** The number of the first message. */
      readonly from: number;
      readonly count: number;
      /** Of the text of each message. */
      readonly bytes: number;
      readonly perSecond: number;
    }
  | { readonly kind: "report" };

/** What the process of a peer holds, in bytes. */
export interface Report {
  /** The resident set now, and at its largest since the last report. */
  readonly rss: number;
  readonly peak: number;
  /** Heap and buffers after a garbage collection. */
  readonly held: number;
  /** What waits for readers, in sockets and in queues that the peer shows. */
  readonly queued: number;
}
