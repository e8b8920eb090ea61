import { pick, randomOf, type Random } from "./random.ts";
import { verbs, type Verb } from "./verbs.ts";

/** What happens after a step, before the next: nothing, a few turns of promises, rest, or time passes. */
export type Pause = { readonly turns: number } | { readonly milliseconds: number };

/** One thing that happens. `a` and `b`, in [0, 1), say to whom and how; whatever is left of a schedule, they still do. */
interface Step {
  readonly verb: Verb;
  readonly a: number;
  readonly b: number;
  readonly pause: Pause;
}

/** A schedule: everything that is decided before it begins. */
export interface Plan {
  readonly seed: number;
  readonly servers: number;
  /** Reliable events that retention keeps of a channel. */
  readonly kept: number;
  readonly ringEntries: number;
  readonly pageEvents: number;
  readonly steps: readonly Step[];
}

const STEPS = 100;

const calm = Object.keys(verbs).filter((verb): verb is Verb => !verbs[verb as Verb].isFault);
const faults = Object.keys(verbs).filter((verb): verb is Verb => verbs[verb as Verb].isFault);
const often = calm.flatMap((verb) => Array.from({ length: verbs[verb].weight }, () => verb));

/**
 * The schedule of a seed. Each has its own few kinds of faults, two at least: a schedule with a little of everything never gets far
 * into anything.
 */
export function planOf(seed: number): Plan {
  const random = randomOf(seed);
  const kinds = Array.from({ length: 2 + Math.floor(random() * 4) }, () => pick(faults, random()));
  const share = 0.05 + random() * 0.3;
  const step = (verb: Verb): Step => ({ verb, a: random(), b: random(), pause: pauseOf(random) });
  const steps = Array.from({ length: STEPS }, () =>
    step(random() < share ? pick(kinds, random()) : pick(often, random())),
  );
  for (const kind of kinds) steps[Math.floor(10 + random() * (STEPS - 10))] = step(kind);
  return {
    seed,
    servers: random() < 0.2 ? 2 : 1,
    kept: random() < 0.5 ? 3 + Math.floor(random() * 6) : 1_000,
    ringEntries: random() < 0.5 ? 2 + Math.floor(random() * 8) : 1_000,
    pageEvents: 2 + Math.floor(random() * 12),
    steps: [...["follow", "follow", "follow"].map((verb) => step(verb as Verb)), ...steps],
  };
}

function pauseOf(random: Random): Pause {
  const at = random();
  if (at < 0.35) return { turns: Math.floor(random() * 12) };
  if (at < 0.8) return { milliseconds: 0 };
  return { milliseconds: at < 0.95 ? random() * 200 : random() * 3_000 };
}
