import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";
import { Counts } from "./coverage.ts";
import type { Draws } from "./random.ts";
import type { ScenarioName } from "./scenarios/index.ts";
import type { Broken, Report, Task } from "./worker.ts";

/** A schedule that takes more than so many milliseconds is considered endless. */
const HANG = 20_000;
/** The same while a schedule is shrunk. Many parts of a schedule may be endless. */
const HANG_SHRINKING = 4_000;
/** A process with little of the processor gets so many times as long. */
const STARVED = 15;
/** How often the progress is read, in milliseconds. */
const LOOK = 500;

export interface FleetOptions {
  /** What {@link bundle} made. */
  readonly file: string;
  readonly first: number;
  /** The scenarios that are run in turn, each with every seed. @default []: anything may happen */
  readonly scenarios?: readonly ScenarioName[];
  /** @default "in order" */
  readonly draws?: Draws;
  readonly count: number;
  /** A worker ends after so many broken schedules. @default 1 */
  readonly most?: number;
  /** @default as many as the machine has cores */
  readonly workers?: number;
  /** Shrinks the first schedule and describes it. @default false */
  readonly explain?: boolean;
  readonly onProgress?: (done: number) => void;
  /** Called at once. */
  readonly onBroken?: (broken: Broken) => void;
}

export interface Results {
  readonly done: number;
  readonly counts: Counts;
  readonly broken: readonly Broken[];
  readonly trace: string | null;
}

// There are as many workers as cores, so a parallel garbage collector would only wait for other threads.
setFlagsFromString("--no-parallel-scavenge");

/** Runs schedules in worker threads. Each takes the next seed that is not taken yet. */
export async function runAll({
  file,
  first,
  scenarios = [],
  draws = "in order",
  count,
  most = 1,
  workers = availableParallelism(),
  explain = false,
  onProgress = () => {},
  onBroken = () => {},
}: FleetOptions): Promise<Results> {
  const done = Array.from({ length: workers }, () => new Int32Array(new SharedArrayBuffer(8)));
  const total = (): number => done.reduce((sum, shared) => sum + Atomics.load(shared, 0), 0);
  const timer = setInterval(() => onProgress(total()), LOOK);
  const broken: Broken[] = [];
  const task = {
    first,
    scenarios,
    draws,
    taken: new SharedArrayBuffer(4),
    count,
    most,
    explain,
    endless: [],
    folder: dirname(file),
  };
  try {
    const reports = await Promise.all(
      done.map((shared) =>
        runWorker(file, { ...task, progress: shared.buffer }, shared, (each) => {
          broken.push(each);
          onBroken(each);
        }),
      ),
    );
    const counts = new Counts();
    for (const report of reports) counts.merge(report.counts);
    return { done: total(), counts, broken, trace: reports.find(({ trace }) => trace !== null)?.trace ?? null };
  } finally {
    clearInterval(timer);
  }
}

/** Now, and how long this process has used the processor, in milliseconds. */
function readTimes() {
  const { user, system } = process.cpuUsage();
  return { wall: performance.now(), cpu: (user + system) / 1_000 };
}

function runWorker(file: string, task: Task, shared: Int32Array, onBroken: (broken: Broken) => void): Promise<Report> {
  // Most objects of a schedule are garbage at its end. With a large young generation they are never copied.
  const worker = new Worker(file, { workerData: task, resourceLimits: { maxYoungGenerationSizeMb: 192 } });
  return new Promise<Report>((resolve, reject) => {
    let seen = -1;
    let since = readTimes();
    let isOver = false;

    const foundEndless = async (): Promise<void> => {
      if (isOver) return;
      isOver = true;
      await worker.terminate();
      const done = Atomics.load(shared, 0);
      if (!task.explain || done === 0) {
        onBroken({ seed: Atomics.load(shared, 1), scenario: null, what: "every schedule ends: this one does not" });
        return resolve({ counts: [], trace: null });
      }
      // Not the schedule itself is endless, but a shorter one. The next worker skips that.
      Atomics.store(shared, 0, 0);
      Atomics.store(new Int32Array(task.taken), 0, 0);
      resolve(runWorker(file, { ...task, endless: [...task.endless, done - 1] }, shared, onBroken));
    };

    const watch = setInterval(() => {
      const done = Atomics.load(shared, 0);
      const now = readTimes();
      if (done !== seen) [seen, since] = [done, now];
      const limit = task.explain ? HANG_SHRINKING : HANG;
      const [wall, cpu] = [now.wall - since.wall, now.cpu - since.cpu];
      // Beside other tests, a worker may wait for the processor much longer than it runs.
      if (wall > limit && (cpu > limit || wall > STARVED * limit)) void foundEndless();
    }, LOOK);
    worker.on("message", (message: Broken | Report) => {
      if ("seed" in message) return onBroken(message);
      isOver = true;
      resolve(message);
    });
    worker.once("error", (error) => {
      isOver = true;
      reject(new Error(`Seed ${Atomics.load(shared, 1)} threw: ${String(error)}`, { cause: error }));
    });
    worker.once("exit", () => {
      clearInterval(watch);
      // A schedule that waits for what never comes leaves its thread nothing to do, and the thread ends.
      void foundEndless();
    });
  });
}
