import { leases } from "./leases.ts";
import type { Mutant } from "./mutant.ts";
import { people } from "./people.ts";
import { places } from "./places.ts";
import { readers } from "./readers.ts";

export const mutants: readonly Mutant[] = [...leases, ...places, ...people, ...readers];
