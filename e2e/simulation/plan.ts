import { pick, randomOf, type Draws, type Random } from "./random.ts";
import { verbs, type Verb } from "./verbs.ts";

/** What happens after a step, before the next: nothing, a few turns of promises, rest, or time passes. */
export type Pause = { readonly turns: number } | { readonly milliseconds: number };

/**
 * One thing that happens. `a` and `b`, in [0, 1), say to whom and how; whatever is left of a schedule, they still do.
 */
export interface Step {
  readonly verb: Verb;
  readonly a: number;
  readonly b: number;
  readonly pause: Pause;
}

/** What a schedule decides of the world before it begins. */
export interface Settings {
  /** What the log is kept in. */
  readonly engine: Engine;
  readonly servers: number;
  /** Reliable events that retention keeps of a channel. */
  readonly kept: number;
  readonly ringEntries: number;
  readonly pageEvents: number;
  /** Milliseconds that a stream may last. */
  readonly maxAge: number;
  /** Milliseconds that pass whenever a server looks at the time, within one turn of its event loop. */
  readonly drag: number;
  /** Whether there is a reader without our client, too. */
  readonly hasPlain: boolean;
}

/** A schedule: everything that is decided before it begins. */
export interface Plan extends Settings {
  readonly seed: number;
  /** How servers and clients are handed their random numbers. */
  readonly draws: Draws;
  readonly steps: readonly Step[];
}

const STEPS = 100;

/** Of so many schedules one is on the SQLite log, which takes several times as long: those whose seeds it divides. */
export const SQLITE = 99;

export type Engine = "memory" | "sqlite";

/** Only one engine is a file, with transactions and copies; only the other one fails over while its processes run. */
const isOn = (engine: Engine) => (verb: Verb) =>
  !(engine === "memory" ? ["transact", "copy", "putBack"] : ["failover", "reset", "split", "unheard"]).includes(verb);

/** What may happen on an engine: the faults, and the rest, each as often as it weighs. */
function tableOf(engine: Engine): { readonly faults: readonly Verb[]; readonly often: readonly Verb[] } {
  // The keys of the table.
  const all = (Object.keys(verbs) as Verb[]).filter(isOn(engine));
  const calm = all.filter((verb) => !verbs[verb].isFault);
  return {
    faults: all.filter((verb) => verbs[verb].isFault),
    often: calm.flatMap((verb) => Array.from({ length: verbs[verb].weight }, () => verb)),
  };
}

const tables = { memory: tableOf("memory"), sqlite: tableOf("sqlite") };

/**
 * The schedule of a seed. Each has its own few kinds of faults, two at least: a schedule with a little of everything
 * never gets far into anything.
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

/** The world of a schedule, as far as nobody says otherwise. */
export function settingsOf(random: Random, engine: Engine): Settings {
  return {
    engine,
    servers: random() < 0.2 ? 2 : 1,
    kept: random() < 0.5 ? 3 + Math.floor(random() * 6) : 1_000,
    ringEntries: random() < 0.5 ? 2 + Math.floor(random() * 8) : 1_000,
    pageEvents: 1 + Math.floor(random() * random() * 13),
    maxAge: random() < 0.15 ? 20_000 + random() * 20_000 : 3_600_000,
    drag: random() < 0.1 ? 0.5 + random() * 3 : 0,
    hasPlain: random() < 0.1,
  };
}

export function pauseOf(random: Random): Pause {
  const at = random();
  if (at < 0.35) return { turns: Math.floor(random() * 12) };
  if (at < 0.8) return { milliseconds: 0 };
  return { milliseconds: at < 0.95 ? random() * 200 : random() * 3_000 };
}
