import { isConflict, type Entry } from "@tidings/log";
import type { KeptEntries as Kept } from "../../../packages/log/src/kept-entries.ts";
import { decorate, replaceKept, replaceKeys } from "../memory-log.ts";
import type { Mutation } from "../mutation.ts";
import { breaking } from "./mutant.ts";

/** A text of the memory log: in which order `append` does its steps has no seam. */
const inMemoryLog = (from: string, to: string): Mutation => ({ file: "packages/log/src/memory-log.ts", from, to });

/** Logs that do not check what an entry expects. */
export const expectingMutants = breaking("expects", {
  "appends whatever is expected": decorate((log) => ({
    append: (batch) => log.append(batch.map(({ expects: _expects, ...entry }) => entry)),
  })),
  "compares only numbers": decorate((log) => ({
    append: async (batch) => {
      const { epoch } = await log.head();
      return log.append(
        batch.map((entry) => (entry.expects ? { ...entry, expects: { ...entry.expects, epoch } } : entry)),
      );
    },
  })),
  "appends what comes before a conflict": decorate((log) => ({
    append: async (batch) => (await Promise.all(batch.map((entry) => log.append([entry])))).flat(),
  })),
  "takes a withdrawn value for one": replaceKept(
    (KeptEntries) =>
      class extends KeptEntries {
        override valueOf(...[key, now]: Parameters<Kept["valueOf"]>): Entry | null {
          const withdrawals = this.byKind.withdrawal.lists.get(key.channel)?.before(Infinity).slots ?? [];
          const last = withdrawals.findLast(({ item }) => item?.type === key.type && item.key === key.key);
          return super.valueOf(key, now) ?? last?.item ?? null;
        }
      },
  ),
  "takes an expired value for one": replaceKept((KeptEntries) => {
    let isAsked = false;
    return class extends KeptEntries {
      override valueOf(...given: Parameters<Kept["valueOf"]>): Entry | null {
        isAsked = true;
        const value = super.valueOf(...given);
        isAsked = false;
        return value;
      }
      override isOwed(...given: Parameters<Kept["isOwed"]>): boolean {
        return isAsked || super.isOwed(...given);
      }
    };
  }),
  "takes every type for one": replaceKeys(({ channel, key = "" }) => `${channel} ${key}`),
  "checks a retry of what it has appended": inMemoryLog(
    "if (!this.#isRepeated(entry)) checkExpected(",
    "checkExpected(",
  ),
  "checks an entry after those before it": inMemoryLog(
    "for (const entry of entries) this.#checkExpected(entry, now);\n" +
      "    const appended = entries.map((entry) => this.#appendOne(entry, now));",
    "const appended = entries.map((entry) => (this.#checkExpected(entry, now), this.#appendOne(entry, now)));",
  ),
  "does not say where the value stands": decorate((log) => ({
    append: async (batch) => {
      try {
        return await log.append(batch);
      } catch (error) {
        throw isConflict(error) ? Object.assign(error, { cursor: null }) : error;
      }
    },
  })),
});
