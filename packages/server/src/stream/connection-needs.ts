import type { EventLog, Limit } from "@tidings/log";
import type { Clock } from "@tidings/protocol/clock";
import type { Limits } from "../runtime/limits.ts";
import type { ReadQueue } from "../runtime/read-queue.ts";
import type { Ring } from "../window/ring.ts";
import type { Followers } from "./followers.ts";
import type { OpenStreams } from "./open-streams.ts";
import type { RetryDelays } from "./retry-delays.ts";
import type { StreamWriterNeeds } from "./stream-writer.ts";
import type { WakeQueue } from "./wake-queue.ts";

/** What all connections of a hub need. */
export interface ConnectionNeeds extends StreamWriterNeeds {
  readonly log: Pick<EventLog, "head" | "read" | "current">;
  /** Runs a read of the log for one reader when its turn comes. */
  readonly reads: ReadQueue;
  /** What one such read may return. A stalled reader has no more than this waiting. */
  readonly streamReadLimit: Limit;
  readonly ring: Pick<Ring, "head" | "covers" | "endOf" | "nextBatch">;
  readonly wakeQueue: WakeQueue;
  readonly followers: Pick<Followers, "unfollow" | "waitForRing">;
  readonly retryDelays: StreamWriterNeeds["retryDelays"] & Pick<RetryDelays, "afterMaxAge">;
  /** The open streams of this process, from which a connection removes itself at its end. */
  readonly streams: Pick<OpenStreams, "remove">;
  readonly limits: Pick<Limits, "maxAge">;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}
