import { clientMutants } from "./client.ts";
import { endMutants } from "./ends.ts";
import { logMutants } from "./log.ts";
import type { Mutant } from "./mutant.ts";
import { serverMutants } from "./server/index.ts";

/** For every law: the packages with that law broken. */
export const mutants: readonly Mutant[] = [...logMutants, ...serverMutants, ...clientMutants, ...endMutants];
