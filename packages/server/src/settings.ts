import type { Contract } from "@tidings/contract";
import type { Limit } from "@tidings/log";
import { checkRange } from "@tidings/protocol/checks";
import { systemClock, type Clock } from "@tidings/protocol/clock";
import { checkHubOptions } from "./check-hub-options.ts";
import type { HubOptions, Viewer } from "./hub-options.ts";
import { checkLimits, type Limits } from "./runtime/limits.ts";
import { BATCH_BYTES } from "./window/owed-entries.ts";

/** What the application has chosen for all parts of a hub, with the defaults. Times are in milliseconds. */
export interface Settings {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly heartbeat: number;
  /** Over how long clients come back after a stop. Null: over as long as they need. */
  readonly drain: number | null;
  readonly snapshotOverlap: number;
  readonly publishTimeout: number;
  readonly limits: Limits;
  /** What one page has at most. */
  readonly pageLimit: Limit;
  /** What one read for a stream brings at most. */
  readonly streamReadLimit: Limit;
}

/** @throws TypeError for options that are unknown, of another type, out of range or contradict each other */
export function checkSettings(contract: Contract, options: HubOptions<Contract, Viewer>): Settings {
  checkHubOptions(contract, options);
  const { clock = systemClock, random = Math.random, heartbeat = 15_000, drain = null } = options;
  const { snapshotOverlap = 2_000, publishTimeout = 5_000 } = options;
  const limits = checkLimits(options.limits);
  checkRange("heartbeat", heartbeat, 1_000, 300_000);
  checkRange("snapshotOverlap", snapshotOverlap, 0, 60_000);
  checkRange("publishTimeout", publishTimeout, 100, 600_000);
  if (drain !== null) checkRange("drain", drain, 500, 60_000);
  return {
    clock,
    random,
    heartbeat,
    drain,
    snapshotOverlap,
    publishTimeout,
    limits,
    pageLimit: { entries: limits.pageEvents, bytes: limits.pageBytes },
    streamReadLimit: { entries: limits.pageEvents, bytes: BATCH_BYTES },
  };
}
