import "./light-platform.ts";
import { setImmediate } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { Counts } from "./coverage.ts";
import { planOf } from "./plan.ts";
import { run } from "./run.ts";
import { shrink } from "./shrink.ts";
import { describe } from "./trace.ts";

/** What a worker is asked to do: to take every `stride`-th seed from `first`, until `count` are taken or `most` are broken; or to explain one. */
export interface Task {
  readonly first: number;
  /** How many of them are taken, shared by all workers. */
  readonly taken: SharedArrayBuffer;
  readonly stride: number;
  readonly count: number;
  readonly most: number;
  /** How many are done also when there is no time left. */
  readonly least: number;
  /** When there is none left, in milliseconds since 1970. */
  readonly until: number;
  readonly explain: boolean;
  /** What to leave out while a schedule is shrunk: see {@link shrink}. */
  readonly endless: readonly number[];
  /** For files that last as long as a schedule. */
  readonly folder: string;
  /** Shared with whoever waits: the schedules that are done, and the seed of the one that runs. */
  readonly progress: SharedArrayBuffer;
}

/** What it says of each schedule that is broken, at once. */
export interface Broken {
  readonly seed: number;
  readonly what: string;
}

/** What a worker says at its end. */
export interface Report {
  readonly counts: readonly (readonly [string, number])[];
  /** A short schedule that breaks in the same way, when it was to be explained. */
  readonly trace: string | null;
}

// Errors are part of every schedule, and nobody looks at where they were made.
Error.stackTraceLimit = 0;

async function work(task: Task): Promise<Report> {
  const { first, taken, stride, count, most, least, until, explain, endless, folder, progress } = task;
  const counts = new Counts();
  let broken = 0;
  const shown = new Int32Array(progress);
  const next = (): number => Atomics.add(new Int32Array(taken), 0, 1);
  for (let index = next(); index < count && (index < least || Date.now() < until); index = next()) {
    const seed = first + index * stride;
    Atomics.store(shown, 1, seed);
    const plan = planOf(seed);
    const outcome = await run(plan, folder);
    // No schedule needs a turn of the event loop, but without one no file that SQLite had open is ever closed.
    await setImmediate();
    counts.merge(outcome.counts);
    Atomics.add(shown, 0, 1);
    if (explain) {
      const { plan: short, world } =
        outcome.broken === null
          ? { plan, world: outcome.world }
          : await shrink(plan, outcome.broken, { folder, endless, onTry: () => Atomics.add(shown, 0, 1) });
      if (outcome.broken !== null) say({ seed, what: outcome.broken });
      return { counts: counts.entries(), trace: describe(short, world) };
    }
    if (outcome.broken === null) continue;
    say({ seed, what: outcome.broken });
    if (++broken === most) break;
  }
  return { counts: counts.entries(), trace: null };
}

function say(what: Broken | Report): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port has no origin
  parentPort?.postMessage(what);
}

// Whoever starts this file as a worker hands over a task.
say(await work(workerData as Task));
