import type { Mutant } from "../mutant.ts";
import { connectionMutants } from "./connection.ts";
import { pageMutants } from "./pages.ts";
import { publishMutants } from "./publish.ts";
import { readerMutants } from "./readers.ts";
import { rightMutants } from "./rights.ts";
import { windowMutants } from "./window.ts";

/** Hubs that break laws. */
export const serverMutants: readonly Mutant[] = [
  ...connectionMutants,
  ...windowMutants,
  ...publishMutants,
  ...pageMutants,
  ...rightMutants,
  ...readerMutants,
];
