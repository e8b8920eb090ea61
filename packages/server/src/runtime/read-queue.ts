import pLimit, { type LimitFunction } from "p-limit";
import type { Clock } from "@tidings/protocol/clock";
import { sleep } from "./sleep.ts";
import { withTimeLimit } from "./time-limit.ts";
import { TurnBudget } from "./turn-budget.ts";

/** For whom a read of the log is. */
interface ReadPurpose {
  /** The paths that it names. */
  readonly paths: readonly string[];
  /** Aborted when the reader has left: the read is then given up, or does not begin. */
  readonly gone: AbortSignal;
}

/**
 * Reads some paths: all of its purpose, or a single one, to find out which of them is slow.
 * @param signal aborted when the read is given up
 */
export type ReadTask<Result> = (signal: AbortSignal, paths: readonly string[]) => Promise<Result>;

/** Runs a read of the log when its turn comes, and resolves with its result. */
export type ReadQueue = <Result>(read: ReadTask<Result>, purpose: ReadPurpose) => Promise<Result>;

interface ReadQueueOptions {
  /** How many reads may run at the same time. As many more may run of paths that are slow, and of single ones. */
  readonly concurrency: number;
  /** How long one read may run, in milliseconds, without the time that it waits in the queue. */
  readonly timeLimit: number;
  readonly clock: Clock;
}

/** How long a read keeps others waiting, in milliseconds. */
const PATIENCE = 1_000;
/** How many slow paths are remembered. */
const MOST_SLOW_PATHS = 10_000;

/**
 * Runs few reads at a time, in order, within the budget of a turn of the event loop. These are reads of the log, or
 * loads of the application's states.
 *
 * One channel whose reads hang must not stop the others. So a read that takes longer than a second gives its place to
 * the next one, and its paths count as slow until a read of them has succeeded. Reads of slow paths wait in lines of
 * their own: one line for all reads of the same paths, with one read at a time. So readers of some of these paths can
 * find out that theirs is not the slow one. Reads of one path have places of their own: they say which path is slow,
 * and must not wait for those of many paths, of which there may be any number. So when a read of many paths is slow,
 * each of them is tried alone.
 */
export function createReadQueue({ concurrency, timeLimit, clock }: ReadQueueOptions): ReadQueue {
  const most = Math.min(concurrency, Number.MAX_SAFE_INTEGER);
  const places = pLimit(most);
  const slowPlaces = pLimit(most);
  const slowPlacesOfOne = pLimit(most);
  const slowPaths = new Set<string>();
  /** By the paths of its reads. */
  const slowLines = new Map<string, LimitFunction>();
  const budget = new TurnBudget(clock);

  /** Runs the read. The result is passed on as soon as it is there. */
  async function run<Result>(read: ReadTask<Result>, { paths, gone }: ReadPurpose): Promise<Result> {
    gone.throwIfAborted();
    await budget.available();
    const result = await withTimeLimit(clock, timeLimit, (signal) => read(signal, paths), gone);
    for (const path of paths) slowPaths.delete(path);
    return result;
  }

  /** Resolves when the read is over, or when it has taken so long that others may begin. */
  async function settleOrLoseTurn(
    running: Promise<unknown>,
    read: ReadTask<unknown>,
    { paths }: ReadPurpose,
  ): Promise<void> {
    const over = new AbortController();
    void running.catch(() => {}).finally(() => over.abort());
    const isSlow = await sleep(clock, PATIENCE, over.signal);
    if (!isSlow) return;
    if (slowPaths.size > MOST_SLOW_PATHS) slowPaths.clear();
    const newlySlow = paths.filter((path) => !slowPaths.has(path));
    for (const path of newlySlow) slowPaths.add(path);
    if (paths.length > 1) newlySlow.forEach((path) => tryAlone(read, path));
  }

  /** Finds out whether a path is slow: if a read of it alone succeeds, it is not. */
  function tryAlone(read: ReadTask<unknown>, path: string): void {
    const { signal } = new AbortController();
    runInSlowLine(read, { paths: [path], gone: signal }).catch(() => {});
  }

  async function runInSlowLine<Result>(read: ReadTask<Result>, purpose: ReadPurpose): Promise<Result> {
    const name = purpose.paths.join(" ");
    const line = slowLines.get(name) ?? pLimit(1);
    slowLines.set(name, line);
    try {
      const placesOfSlow = purpose.paths.length === 1 ? slowPlacesOfOne : slowPlaces;
      return await line(() => placesOfSlow(() => run(read, purpose)));
    } finally {
      if (line.pendingCount === 0) slowLines.delete(name);
    }
  }

  return (read, purpose) =>
    new Promise((resolve, reject) => {
      void places(async () => {
        const isSlow = purpose.paths.some((path) => slowPaths.has(path));
        const running = isSlow ? runInSlowLine(read, purpose) : run(read, purpose);
        running.then(resolve, reject);
        if (!isSlow) await settleOrLoseTurn(running, read, purpose);
      });
    });
}
