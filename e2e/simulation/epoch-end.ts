import type { Cursor } from "@tidings/protocol";
import type { Tick } from "./fact.ts";
import type { Program } from "./program.ts";

/** The end of an epoch of the log, by a failover or by a reset. */
export interface EpochEnd {
  readonly tick: Tick;
  readonly kind: "failover" | "reset";
  /** The epoch that ended, and its last `seq` that survived. */
  readonly last: Cursor;
  /** Milliseconds since the world began. */
  readonly at: number;
  /**
   * Programs that were connected to a hub that took this epoch for the current one. Their position is the head, also
   * when nothing was sent since.
   */
  readonly connected: Set<Program>;
}
