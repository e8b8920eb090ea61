import { isEnd, type Entry } from "@tidings/log";
import type * as owed from "../../../packages/server/src/position/owed.ts";
import { replaceKept } from "../../mutation/memory-log.ts";
import { replace } from "../../mutation/mutation.ts";
import { breaking, type Mutant } from "./mutant.ts";

/** Packages in which an end is not one. */
export const endMutants: readonly Mutant[] = [
  breaking(
    "ends",
    "a log goes on after an end",
    replaceKept(
      (KeptEntries) =>
        class extends KeptEntries {
          override endOf(): Entry | null {
            return null;
          }
        },
    ),
    "an address ends, and the log fails over",
  ),
  breaking(
    "ends",
    "whoever comes after the end is not told of it",
    replace<typeof owed>("packages/server/src/position/owed.ts", {
      comesFirst: (comesFirst) => (entry, beginning) => !isEnd(entry) && comesFirst(entry, beginning),
    }),
    "an address ends, and readers come and go",
  ),
];
