import type { EventLog, Limit } from "@tidings/log";
import type { Clock } from "@tidings/protocol/clock";
import type { ReadQueue } from "../runtime/read-queue.ts";
import type { Ring } from "../window/ring.ts";
import type { SharedPages } from "../window/shared-pages.ts";
import type { Followers } from "./followers.ts";
import type { WakeQueue } from "./wake-queue.ts";

/** What all pumps of a hub need. */
export interface PumpNeeds {
  readonly log: Pick<EventLog, "head" | "current" | "recent">;
  /** What comes in the log after a position. A consumer that takes nothing more has no more than a page waiting. */
  readonly pages: Pick<SharedPages, "find" | "read">;
  /** Runs a read of the log for one reader when its turn comes. */
  readonly reads: ReadQueue;
  /** What one read of current values may return. */
  readonly streamReadLimit: Limit;
  readonly ring: Pick<Ring, "head" | "covers" | "endOf" | "nextBatch">;
  readonly wakeQueue: WakeQueue;
  readonly followers: Pick<Followers, "follow" | "unfollow" | "waitForRing" | "stopWaiting">;
  readonly clock: Clock;
}
