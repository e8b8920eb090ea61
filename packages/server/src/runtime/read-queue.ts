import pLimit, { type LimitFunction } from "p-limit";
import type { Clock } from "@tidings/protocol/clock";
import { onAbort } from "@tidings/protocol/on-abort";
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

/** Runs a read of the log when its turn comes, and resolves with its result. Rejects as soon as the reader has left. */
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
 * One channel whose reads hang must not stop the others. So a read that takes longer than a second lets the next one
 * begin, and its paths count as slow until a read of them has succeeded. Reads of slow paths wait in lines of their
 * own: one line for all reads of the same paths, with one read at a time. So readers of some of these paths can find
 * out that theirs is not the slow one. Reads of one path have a limit of their own: they say which path is slow, and
 * must not wait for those of many paths, of which there may be any number. So while a read of many paths is slow, each
 * of them is tried alone. When the read is over, nobody needs these answers, and tries that wait do not begin.
 */
export function createReadQueue({ concurrency, timeLimit, clock }: ReadQueueOptions): ReadQueue {
  const most = Math.min(concurrency, Number.MAX_SAFE_INTEGER);
  const limit = pLimit(most);
  const limitOfSlow = pLimit(most);
  const limitOfSlowSingle = pLimit(most);
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

  /** Runs a read of slow paths. If it is slow as well, each of its paths is tried alone. */
  function runSlow<Result>(read: ReadTask<Result>, purpose: ReadPurpose): Promise<Result> {
    const running = run(read, purpose);
    void settleOrLoseTurn(running, read, purpose.paths);
    return running;
  }

  /** Resolves when the read is over, or when it has taken so long that others may begin. */
  async function settleOrLoseTurn(
    running: Promise<unknown>,
    read: ReadTask<unknown>,
    paths: readonly string[],
  ): Promise<void> {
    const over = new AbortController();
    void running.catch(() => {}).finally(() => over.abort());
    const isSlow = await sleep(clock, PATIENCE, over.signal);
    if (!isSlow) return;
    if (slowPaths.size > MOST_SLOW_PATHS) slowPaths.clear();
    for (const path of paths) slowPaths.add(path);
    if (paths.length === 1) return;
    const tries = paths.map((path) => tryAlone(read, path));
    over.signal.addEventListener("abort", () => tries.forEach((each) => each.abort()));
  }

  /** Finds out whether a path is slow: if a read of it alone succeeds, it is not. Returns what gives the read up. */
  function tryAlone(read: ReadTask<unknown>, path: string): AbortController {
    // A signal of its own: Node warns when many reads listen to one.
    const gone = new AbortController();
    runInSlowLine(read, { paths: [path], gone: gone.signal }).catch(() => {});
    return gone;
  }

  async function runInSlowLine<Result>(read: ReadTask<Result>, purpose: ReadPurpose): Promise<Result> {
    const name = purpose.paths.join(" ");
    const line = slowLines.get(name) ?? pLimit(1);
    slowLines.set(name, line);
    try {
      const limitOfAll = purpose.paths.length === 1 ? limitOfSlowSingle : limitOfSlow;
      return await line(() => limitOfAll(() => runSlow(read, purpose)));
    } finally {
      if (line.pendingCount === 0) slowLines.delete(name);
    }
  }

  return (read, purpose) =>
    new Promise((resolve, reject) => {
      const { gone } = purpose;
      // At once, not when its turn comes: what the reader holds must not wait in memory for that.
      const leave = (): void => reject(gone.reason);
      if (gone.aborted) return leave();
      const forget = onAbort(gone, leave);
      void limit(async () => {
        const isSlow = purpose.paths.some((path) => slowPaths.has(path));
        const running = isSlow ? runInSlowLine(read, purpose) : run(read, purpose);
        void running.then(resolve, reject).finally(forget);
        if (!isSlow) await settleOrLoseTurn(running, read, purpose.paths);
      });
    });
}
