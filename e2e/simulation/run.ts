import { VirtualClock } from "@tidings/testing";
import { heal, leave } from "./calm.ts";
import { MemoryStore } from "./memory-store.ts";
import { judge } from "./oracle.ts";
import type { Pause, Plan } from "./plan.ts";
import { drawnFrom } from "./random.ts";
import { SqliteStore } from "./sqlite-store.ts";
import type { Store } from "./store.ts";
import { verbs } from "./verbs.ts";
import { AGE, World } from "./world.ts";

export interface Outcome {
  /** What was broken, and how; null when all is well. */
  readonly broken: string | null;
  readonly counts: readonly (readonly [string, number])[];
  readonly world: World;
}

/**
 * Runs one schedule from the first step to the last check. The same plan has the same outcome.
 * @param folder where a log may have its file
 */
export async function run(plan: Plan, folder: string): Promise<Outcome> {
  // No schedule waits for I/O, so none needs the event loop, whose turns would take a fifth of the time: ticks come
  // after all promises, too.
  const clock = new VirtualClock({ turn: (next) => process.nextTick(next) });
  const options = {
    kept: plan.kept,
    keptBytes: plan.keptBytes,
    age: AGE,
    now: clock.now,
    random: drawnFrom(plan.seed ^ 0x109, plan.draws),
  };
  const store: Store =
    plan.engine === "memory" ? await MemoryStore.open(options) : new SqliteStore({ ...options, folder });
  const world = new World(plan, clock, store);
  for (const { verb, a, b, pause } of plan.steps) {
    await verbs[verb].act(world, a, b);
    await rest(clock, pause);
    if (world.violation !== null) break;
  }
  if (world.violation === null) await heal(world);
  world.counts.add("dropped for its bytes", world.truth.droppedForBytes);
  world.violation ??= judge(world);
  if (world.violation === null) await leave(world);
  store.end();
  return { broken: world.violation, counts: world.counts.entries(), world };
}

async function rest(clock: VirtualClock, pause: Pause): Promise<void> {
  if ("milliseconds" in pause) return clock.advance(pause.milliseconds);
  for (let turn = 0; turn < pause.turns; turn++) await Promise.resolve();
}
