import type { EventLog, NewEntry } from "@tidings/log";
import { checkExpected } from "../../../packages/log/src/conflict-error.ts";
import { decorate } from "../../mutation/memory-log.ts";
import { breaking, type Mutant } from "./mutant.ts";

const ALL = { entries: 1_000, bytes: 1e9 };

function withoutCondition(entry: NewEntry): NewEntry {
  const { expects: _, ...others } = entry;
  return others;
}

/** Throws when a value does not stand where an entry expects it, as it is now. */
async function checkBefore(log: EventLog, entry: NewEntry): Promise<void> {
  const { entries } = await log.current([entry.channel], null, ALL);
  const value = entries.find(({ type, key = "" }) => type === entry.type && key === (entry.key ?? ""));
  checkExpected(entry, value ?? null);
}

/** Logs that do not heed conditions. */
export const editMutants: readonly Mutant[] = [
  breaking(
    "expects",
    "a condition is checked before the append, and not in it",
    decorate((log) => ({
      append: async (batch) => {
        for (const entry of batch) await checkBefore(log, entry);
        return log.append(batch.map(withoutCondition));
      },
    })),
    "several edit one value, and the log answers late or not at all",
  ),
  breaking(
    "expects",
    "a log appends whatever it finds",
    decorate((log) => ({ append: (batch) => log.append(batch.map(withoutCondition)) })),
    "several edit one value, and the log fails over",
  ),
  breaking(
    "expects",
    "a batch is appended, and refused all the same",
    decorate((log) => ({
      append: async (batch) => {
        try {
          return await log.append(batch);
        } catch (error) {
          await log.append(batch.map(withoutCondition));
          throw error;
        }
      },
    })),
    "several edit one value, and the log answers late or not at all",
  ),
];
