import { pick, randomOf, type Random } from "./random.ts";
import { settingsOf, type Engine, type SeededSettings } from "./settings.ts";
import { verbs, type Verb } from "./verbs.ts";

/** The pause between a step and the next one: a few turns of promises, until all is quiet, or milliseconds. */
export type Pause = { readonly turns: number } | { readonly milliseconds: number };

/**
 * One thing that happens. `a` and `b`, in [0, 1), say to whom and how. They mean something in every part of a schedule.
 */
export interface Step {
  readonly verb: Verb;
  readonly a: number;
  readonly b: number;
  readonly pause: Pause;
}

/** A schedule: everything that is decided before it begins. */
export interface Plan extends SeededSettings {
  readonly steps: readonly Step[];
}

const STEPS = 100;

/** Of so many schedules one is on the SQLite log, which takes several times as long: those whose seeds it divides. */
export const SQLITE = 99;

/** Only SQLite has transactions and copies of its file. Only the memory store fails over while its processes run. */
const isOn = (engine: Engine) => (verb: Verb) =>
  !(engine === "memory" ? ["transact", "copy", "putBack"] : ["failover", "reset", "split", "unheard"]).includes(verb);

/** The verbs that can happen on an engine: the faults, and the others, each as often as its weight. */
function tableOf(engine: Engine): { readonly faults: readonly Verb[]; readonly often: readonly Verb[] } {
  // Safe: the keys of the table.
  const all = (Object.keys(verbs) as Verb[]).filter(isOn(engine));
  const calm = all.filter((verb) => !verbs[verb].isFault);
  return {
    faults: all.filter((verb) => verbs[verb].isFault),
    often: calm.flatMap((verb) => Array.from({ length: verbs[verb].weight }, () => verb)),
  };
}

const tables = { memory: tableOf("memory"), sqlite: tableOf("sqlite") };

/**
 * The schedule of a seed. Each schedule has only two to five kinds of faults: with a few faults of every kind, hardly
 * any sequence of faults would happen.
 */
export function planOf(seed: number): Plan {
  const random = randomOf(seed);
  const engine = seed % SQLITE === 0 ? "sqlite" : "memory";
  const { faults, often } = tables[engine];
  const kinds = Array.from({ length: 2 + Math.floor(random() * 4) }, () => pick(faults, random()));
  const share = 0.05 + random() * 0.3;
  const step = (verb: Verb): Step => ({ verb, a: random(), b: random(), pause: pauseOf(random) });
  const steps = Array.from({ length: STEPS }, () =>
    step(random() < share ? pick(kinds, random()) : pick(often, random())),
  );
  for (const kind of kinds) steps[Math.floor(10 + random() * (STEPS - 10))] = step(kind);
  return {
    ...settingsOf(random, engine),
    seed,
    draws: "in order",
    steps: [...["follow", "follow", "follow"].map((verb) => step(verb as Verb)), ...steps],
  };
}

export function pauseOf(random: Random): Pause {
  const at = random();
  if (at < 0.35) return { turns: Math.floor(random() * 12) };
  if (at < 0.8) return { milliseconds: 0 };
  return { milliseconds: at < 0.95 ? random() * 200 : random() * 3_000 };
}
