import { clientMutants } from "./client.ts";
import { editMutants } from "./edits.ts";
import { endMutants } from "./ends.ts";
import { leaseMutants } from "./leases.ts";
import { logMutants } from "./log.ts";
import type { Mutant } from "./mutant.ts";
import { serverMutants } from "./server/index.ts";
import { visitMutants } from "./visits.ts";

/** For every law: the packages with that law broken. */
export const mutants: readonly Mutant[] = [
  ...logMutants,
  ...serverMutants,
  ...clientMutants,
  ...endMutants,
  ...leaseMutants,
  ...editMutants,
  ...visitMutants,
];
