import "./light-platform.ts";
import { constants, setPriority } from "node:os";
import { setImmediate } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { Counts } from "./coverage.ts";
import { planOf, type Plan } from "./plan.ts";
import type { Draws } from "./random.ts";
import { run } from "./run.ts";
import { scenarios, type ScenarioName } from "./scenarios/index.ts";
import { planScenario } from "./scenarios/scenario.ts";
import { shrink } from "./shrink.ts";
import { describe } from "./trace.ts";

/** The task of a worker: to run schedules until `count` are taken or `most` are broken, or to explain one. */
export interface Task {
  readonly first: number;
  /** The scenarios that are run in turn, each with every seed. When there are none, anything may happen. */
  readonly scenarios: readonly ScenarioName[];
  readonly draws: Draws;
  /** How many schedules are taken. All workers share it. */
  readonly taken: SharedArrayBuffer;
  readonly count: number;
  readonly most: number;
  readonly explain: boolean;
  /** What to leave out while a schedule is shrunk: see {@link shrink}. */
  readonly endless: readonly number[];
  /** For files that last as long as a schedule. */
  readonly folder: string;
  /** Shared with the thread that waits: how many schedules are done, and the seed of the one that runs. */
  readonly progress: SharedArrayBuffer;
}

/** A worker reports each schedule that breaks a promise, at once. */
export interface Broken {
  readonly seed: number;
  /** Null when anything may happen in it. */
  readonly scenario: ScenarioName | null;
  readonly what: string;
}

/** A worker reports this at its end. */
export interface Report {
  readonly counts: readonly (readonly [string, number])[];
  /** The description of a short schedule that breaks the same promise, when one was to be explained. */
  readonly trace: string | null;
}

// A schedule never waits for real time, and what runs beside it does. On Linux, the priority is that of this thread.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

// Errors are part of every schedule, and no stack is ever read.
Error.stackTraceLimit = 0;

async function work(task: Task): Promise<Report> {
  const { first, taken, count, most, explain, endless, folder, progress } = task;
  const counts = new Counts();
  let broken = 0;
  const shown = new Int32Array(progress);
  const next = (): number => Atomics.add(new Int32Array(taken), 0, 1);
  for (let index = next(); index < count; index = next()) {
    const stories = Math.max(1, task.scenarios.length);
    const seed = first + Math.floor(index / stories);
    const scenario = task.scenarios[index % stories] ?? null;
    Atomics.store(shown, 1, seed);
    const plan = planFor(scenario, seed, task.draws);
    const outcome = await run(plan, folder);
    // No schedule needs a turn of the event loop. But without one, files that SQLite had open are never closed.
    await setImmediate();
    counts.merge(outcome.counts);
    Atomics.add(shown, 0, 1);
    if (explain) {
      const { plan: short, world } =
        outcome.broken === null
          ? { plan, world: outcome.world }
          : await shrink(plan, outcome.broken, { folder, endless, onTry: () => Atomics.add(shown, 0, 1) });
      if (outcome.broken !== null) report({ seed, scenario, what: outcome.broken });
      return { counts: counts.entries(), trace: describe(short, world) };
    }
    if (outcome.broken === null) continue;
    report({ seed, scenario, what: outcome.broken });
    if (++broken === most) break;
  }
  return { counts: counts.entries(), trace: null };
}

function planFor(scenario: ScenarioName | null, seed: number, draws: Draws): Plan {
  return scenario === null ? { ...planOf(seed), draws } : planScenario(scenarios[scenario], seed, draws);
}

function report(what: Broken | Report): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port has no origin
  parentPort?.postMessage(what);
}

// The thread that starts this file as a worker passes a task.
report(await work(workerData as Task));
