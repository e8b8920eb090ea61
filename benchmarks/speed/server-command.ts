/** A command for the process of a server. The process answers each command before it takes the next one. */
export type ServerCommand =
  | {
      readonly kind: "publish";
      /** The number of turns of the event loop in which something is published. */
      readonly turns: number;
      /** The number of events in each of them. */
      readonly perTurn: number;
      /** The turns of a second. More than the server can do means as many as it can. */
      readonly perSecond: number;
      /** The size of each event's text. */
      readonly bytes: number;
    }
  | { readonly kind: "usage" }
  /** The same, after a garbage collection. */
  | { readonly kind: "settled usage" };

/** What the process of a server has used since its start. */
export interface ServerUsage {
  /** CPU time in microseconds: of the process itself, and of the kernel for it. */
  readonly user: number;
  readonly system: number;
  /** The resident set, in bytes. */
  readonly rss: number;
}
