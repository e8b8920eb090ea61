import type { Clock } from "@tidings/protocol/clock";
import type { Limits } from "../runtime/limits.ts";
import type { TurnQueue } from "../runtime/turn-queue.ts";
import type { OpenStreams } from "./open-streams.ts";
import type { PumpNeeds } from "./pump-needs.ts";
import type { RetryDelays } from "./retry-delays.ts";
import type { StreamWriterNeeds } from "./stream-writer.ts";

/** What all connections of a hub need. */
export interface ConnectionNeeds extends PumpNeeds, StreamWriterNeeds {
  readonly retryDelays: StreamWriterNeeds["retryDelays"] & Pick<RetryDelays, "afterMaxAge">;
  /** The open streams of this process, from which a connection removes itself at its end. */
  readonly streams: Pick<OpenStreams, "remove">;
  /** Where streams wait for their turn to say `bye`. */
  readonly byes: Pick<TurnQueue, "add">;
  readonly limits: Pick<Limits, "maxAge">;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}
