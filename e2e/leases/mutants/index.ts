import { batches } from "./batches.ts";
import type { Mutant } from "./mutant.ts";
import { stops } from "./stops.ts";
import { watch } from "./watch.ts";
import { writers } from "./writers.ts";

export const mutants: readonly Mutant[] = [...batches, ...writers, ...watch, ...stops];
