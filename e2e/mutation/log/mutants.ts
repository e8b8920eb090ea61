import { endingMutants } from "./ending.ts";
import { expectingMutants } from "./expecting.ts";
import { keepingMutants } from "./keeping.ts";
import { lawMutants } from "./laws.ts";
import { methodMutants } from "./methods.ts";
import type { Mutant } from "./mutant.ts";

/** For every way to break a promise of a log: a memory log that does. */
export const mutants: readonly Mutant[] = [
  ...lawMutants,
  ...methodMutants,
  ...keepingMutants,
  ...expectingMutants,
  ...endingMutants,
];
