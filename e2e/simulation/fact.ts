import type { NewEntry } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";

/** When something happened: a count of everything that is noted, so that of two things one is always earlier. */
export type Tick = number;

/** One event, as its publisher and the application's database know it. */
export interface Fact {
  readonly n: number;
  readonly path: string;
  readonly type: string;
  readonly mode: NewEntry["mode"];
  readonly key: string;
  readonly isWithdrawal: boolean;
  /** When the log was given it, by its clock, which may jump, in milliseconds since 1970. */
  readonly wall: number;
  /** Milliseconds since the world began. */
  readonly at: number;
  /** When it became visible. */
  readonly tick: Tick;
  readonly position: Cursor;
  /** What it counts of the bytes that retention keeps, at most. */
  readonly bytes: number;
  /** When retention may have dropped it; Infinity before. */
  goneTick: Tick;
  /** When a failover or a reset took it away; Infinity before. */
  lostTick: Tick;
}
