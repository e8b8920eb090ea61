import { pick as pickAt } from "../../simulation/random.ts";

/** One of them. */
export const pick = <Item>(items: readonly Item[]): Item => pickAt(items, Math.random());

/** Each as often as it weighs. */
export const weigh = <Item>(table: readonly (readonly [weight: number, item: Item])[]): Item[] =>
  table.flatMap(([weight, item]) => Array.from({ length: weight }, () => item));
