import type * as entryRow from "../../../packages/log-sqlite/src/entry-row.ts";
import type * as epochTable from "../../../packages/log/src/engine/epoch-table.ts";
import type * as keptEntries from "../../../packages/log/src/kept-entries.ts";
import type * as logFile from "../../../packages/log-sqlite/src/log-file.ts";
import type * as logWriter from "../../../packages/log-sqlite/src/log-writer.ts";
import type * as schema from "../../../packages/log-sqlite/src/schema.ts";
import type { KeepRules } from "@tidings/log";
import type * as storedRules from "../../../packages/log-sqlite/src/stored-rules.ts";
import {
  changeReads,
  decorate,
  movePositions,
  neverWithdrawn,
  nothingSuperseded,
  oneMarkForAll,
  outOfOrder,
  reconfigure,
  replaceKept,
  replaceKind,
  withoutEnd,
  withoutEpoch,
  withoutKeys,
} from "../../mutation/memory-log.ts";
import { replace, type Mutation } from "../../mutation/mutation.ts";
import { breaking, type Mutant } from "./mutant.ts";

/** An SQLite log that writes in another way. */
const replaceWriter = (wrapper: (original: typeof logWriter.LogWriter) => typeof original): Mutation =>
  replace<typeof logWriter>("packages/log-sqlite/src/log-writer.ts", { LogWriter: wrapper });

/** Takes back the mark that a deleted entry leaves. */
const WITHOUT_MARKS = `
create trigger if not exists tidings_unmarked after update on tidings_channel when new.trimmed_to > old.trimmed_to begin
  update tidings_channel set trimmed_to = old.trimmed_to where channel = new.channel;
end;
`;

/** Rules for all channels alike: the least that two of them keep. */
function withStrictestDefault(one: KeepRules, other: KeepRules): KeepRules {
  const entries = [one, other].flatMap((rules) => [rules.default, ...rules.channels]).map((keep) => keep.entries);
  return { channels: [], default: { ...other.default, entries: Math.min(...entries) } };
}

/** Milliseconds that a volatile entry is owed. */
const VOLATILE_AGE = 5_000;

/** Logs that break laws. */
export const logMutants: readonly Mutant[] = [
  breaking(
    "law 7",
    "no trim check",
    changeReads((page) => ({ ...page, holes: page.holes.filter(({ reason }) => reason !== "trimmed") })),
    "retention takes what readers are owed",
  ),
  breaking(
    "law 7",
    "a global instead of a per-channel trim mark",
    oneMarkForAll,
    "retention takes what readers are owed",
  ),
  breaking(
    "law 7",
    "what is dropped for the bytes of the log leaves no mark",
    replaceKept((KeptEntries) => {
      let isAdding = false;
      let isEvicting = false;
      return class extends KeptEntries {
        constructor(...given: ConstructorParameters<typeof KeptEntries>) {
          super(...given);
          const move = this.trimmed.move.bind(this.trimmed);
          this.trimmed.move = (...moved) => {
            if (!isEvicting) move(...moved);
          };
          for (const { all } of [this.byKind.reliable, this.byKind.withdrawal]) {
            const oldest = all.oldest.bind(all);
            // What adds an entry asks for the oldest of all only if there are too many bytes.
            all.oldest = () => {
              isEvicting = isAdding;
              return oldest();
            };
          }
        }
        override add(...given: Parameters<keptEntries.KeptEntries["add"]>) {
          isAdding = true;
          const slot = super.add(...given);
          isAdding = false;
          isEvicting = false;
          return slot;
        }
      };
    }),
    "retention takes what is too much for the whole log",
  ),
  breaking(
    "retention",
    "the strictest rules that were ever stored hold",
    decorate((log) => {
      let former: KeepRules | null = null;
      return {
        setRules: async (rules) => {
          former = former === null ? rules : withStrictestDefault(former, rules);
          await log.setRules(former);
        },
      };
    }),
    "a deploy keeps more than the one before",
  ),
  breaking(
    "retention",
    "a process goes by what its file was told to keep",
    replace<typeof storedRules>("packages/log-sqlite/src/stored-rules.ts", {
      StoredRules: (StoredRules) =>
        class extends StoredRules {
          override refresh(): boolean {
            return false;
          }
        },
    }),
    "two processes keep more than their file was told to",
  ),
  breaking("law 3", "no epoch in the cursor", movePositions(withoutEpoch), "failovers with readers"),
  breaking(
    "law 3",
    "an epoch counter instead of a token",
    reconfigure((options) => ({ ...options, random: () => 0 })),
    "failovers with readers",
  ),
  breaking("law 4", "the end of an epoch is not compared", movePositions(withoutEnd), "a failover that no hub notices"),
  breaking("law 5", "visible out of order", outOfOrder, "much is published in every mode"),
  breaking("idempotency", "a known key appends again", withoutKeys, "impatient publishers"),
  breaking("latest", "a superseded value is still there", nothingSuperseded, "values that replace each other"),
  breaking(
    "volatile",
    "never too old",
    replaceKind({
      isYoung: (isYoung) => (at, now, lifetime) => lifetime === VOLATILE_AGE || isYoung(at, now, lifetime),
    }),
    "volatile events that come too late",
  ),
  breaking("latest", "a value that has expired is not withdrawn", neverWithdrawn, "values that expire"),
  breaking(
    "history",
    "the event before a position is left out",
    decorate((log) => ({
      recent: (channels, n, before) => log.recent(channels, n, before && { ...before, seq: before.seq - 1 }),
    })),
    "pages of history",
  ),
  breaking(
    "patience",
    "an append waits for ever",
    replaceWriter(
      (LogWriter) =>
        class extends LogWriter {
          constructor(file: logFile.LogFile, options: logWriter.LogWriterOptions) {
            super(file, { ...options, patience: Infinity });
          }
        },
    ),
    "transactions commit, roll back and stay open",
  ),
  breaking(
    "law 10",
    "what another process has written wakes no reader",
    replaceWriter(
      (LogWriter) =>
        class extends LogWriter {
          override dataVersion(): number {
            return 0;
          }
        },
    ),
    "two processes have one file",
  ),
  breaking(
    "law 7",
    "what is deleted leaves no mark",
    replace<typeof schema>("packages/log-sqlite/src/schema.ts", {
      prepareSchema:
        (prepareSchema) =>
        (file, ...given) => {
          const isCreated = prepareSchema(file, ...given);
          file.exec(WITHOUT_MARKS);
          return isCreated;
        },
    }),
    "retention takes rows",
  ),
  breaking(
    "law 4",
    "the end of an epoch is not compared by SQLite",
    replace<typeof epochTable>("packages/log/src/engine/epoch-table.ts", {
      EpochTable: (EpochTable) =>
        class extends EpochTable {
          override invalidity(...[position, head]: Parameters<epochTable.EpochTable["invalidity"]>) {
            const reason = super.invalidity(position, head);
            return reason === "lost" && position.seq <= head ? null : reason;
          }
        },
    }),
    "an older copy is put back",
  ),
  breaking(
    "law 3",
    "an older copy goes on in its own epoch",
    replace<typeof schema>("packages/log-sqlite/src/schema.ts", { beginEpoch: () => () => {} }),
    "an older copy is put back",
  ),
  breaking(
    "volatile",
    "never too old on SQLite",
    replace<typeof entryRow>("packages/log-sqlite/src/entry-row.ts", {
      isOwed: (isOwed) => (row, now) => row.kind === 2 || isOwed(row, now),
    }),
    "volatile events that come too late, in a file",
  ),
];
