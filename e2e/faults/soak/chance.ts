import { pick as pickAt } from "../../simulation/random.ts";

/** A random item. */
export const pick = <Item>(items: readonly Item[]): Item => pickAt(items, Math.random());

/** A list that has each item as often as its weight says. */
export const repeatByWeight = <Item>(table: readonly (readonly [weight: number, item: Item])[]): Item[] =>
  table.flatMap(([weight, item]) => Array.from({ length: weight }, () => item));
