import { pauseOf, type Pause, type Plan, type Step } from "../plan.ts";
import { pick, randomOf, type Draws, type Random } from "../random.ts";
import { settingsOf, type Engine, type Settings } from "../settings.ts";
import type { Verb } from "../verbs.ts";

/** Some steps of a schedule. Numbers that are not given are drawn. */
export type Part = (random: Random) => readonly Step[];

/** A short story that leads to one law. Everything else is drawn from a seed. */
export interface Scenario {
  /** The laws and rules that are tried in it. */
  readonly reaches: string;
  /** @default "memory" */
  readonly engine?: Engine;
  /** The settings that the story needs. */
  readonly world?: Partial<Settings>;
  readonly story: readonly Part[];
}

/** The schedule of a scenario. */
export function planScenario({ engine = "memory", world, story }: Scenario, seed: number, draws: Draws): Plan {
  const random = randomOf(seed);
  const settings = settingsOf(random, engine);
  return { ...settings, ...world, seed, draws, steps: story.flatMap((part) => part(random)) };
}

/** A number in [0, 1) that a verb is given, or the bounds of one that is drawn. */
type Given = number | readonly [from: number, to: number];

export interface Givens {
  /** To whom it happens. */
  readonly a?: Given;
  /** How. */
  readonly b?: Given;
  readonly pause?: Pause;
}

/** One thing that happens. */
export function act(verb: Verb, { a = [0, 1], b = [0, 1], pause }: Givens = {}): Part {
  return (random) => [{ verb, a: numberOf(a, random), b: numberOf(b, random), pause: pause ?? pauseOf(random) }];
}

/** The same a few times. */
export function times(least: number, most: number, ...parts: readonly Part[]): Part {
  return (random) => {
    const count = least + Math.floor(random() * (most + 1 - least));
    return Array.from({ length: count }, () => parts.flatMap((part) => part(random))).flat();
  };
}

/** One of several things. */
export function oneOf(...parts: readonly Part[]): Part {
  return (random) => pick(parts, random())(random);
}

/** The bounds of what {@link pick} makes the `index`-th of `count` things. */
export const nth = (index: number, count: number): Given => [index / count, (index + 1) / count];

function numberOf(given: Given, random: Random): number {
  if (typeof given === "number") return given;
  const [from, to] = given;
  return from + random() * (to - from);
}
