import type { Contract } from "@tidings/contract";
import type { EventLog } from "@tidings/log";
import { createSnapshotOverlap } from "./page/snapshot-overlap.ts";
import { createSnapshots, type Snapshots } from "./page/snapshots.ts";
import type { Hooks } from "./runtime/hooks.ts";
import { LOAD_TIME } from "./runtime/limits.ts";
import { createReadQueue, type ReadQueue } from "./runtime/read-queue.ts";
import type { Trace } from "./runtime/trace.ts";
import type { Settings } from "./settings.ts";
import type { RecentHeads } from "./window/recent-heads.ts";

interface SnapshotsNeeds {
  readonly contract: Contract;
  readonly settings: Settings;
  readonly log: EventLog;
  readonly reads: ReadQueue;
  readonly recentHeads: RecentHeads;
  readonly hooks: Hooks;
  readonly trace: Trace;
}

/**
 * Makes what loads states.
 *
 * @throws ContractError `bad-contract` for a state that JSON cannot carry
 * @throws TypeError when a loader is missing
 */
export function composeSnapshots(needs: SnapshotsNeeds): Snapshots {
  const { contract, settings, log, reads, recentHeads, hooks, trace } = needs;
  const { clock, limits, pageLimit, snapshotOverlap: overlap } = settings;
  const findStart = createSnapshotOverlap({ log, reads, recentHeads, clock, mostBytes: pageLimit.bytes, overlap });
  const loads = createReadQueue({ concurrency: limits.stateLoads, timeLimit: LOAD_TIME, clock });
  return createSnapshots({ contract, hooks, limits, findStart, loads, trace });
}
