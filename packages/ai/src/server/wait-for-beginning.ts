import type { Address } from "@tidings/contract";
import { LONGEST_TIMER, type Clock } from "@tidings/protocol/clock";

/** What it needs of a hub. */
export interface FollowingHub {
  events(run: Address, options: { readonly after: null; readonly signal: AbortSignal }): AsyncIterable<unknown>;
}

interface WaitOptions {
  readonly clock: Pick<Clock, "setTimeout">;
  /** The most milliseconds that it waits. */
  readonly limit: number;
  /** Aborted when nobody waits any more. @default never */
  readonly signal?: AbortSignal | undefined;
}

/** Resolves when the log has an event of a run, and also when the time is over or the hub closes. */
export async function waitForBeginning(
  hub: FollowingHub,
  run: Address,
  { clock, limit, signal }: WaitOptions,
): Promise<void> {
  const ending = new AbortController();
  const cancel = clock.setTimeout(() => ending.abort(), Math.min(limit, LONGEST_TIMER));
  const either = signal === undefined ? ending.signal : AbortSignal.any([ending.signal, signal]);
  await hub.events(run, { after: null, signal: either })[Symbol.asyncIterator]().next();
  cancel();
  ending.abort();
}
