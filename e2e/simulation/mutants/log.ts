import type * as entryRow from "../../../packages/log-sqlite/src/entry-row.ts";
import type * as epochs from "../../../packages/log-sqlite/src/epochs.ts";
import type * as schema from "../../../packages/log-sqlite/src/schema.ts";
import {
  changeReads,
  decorate,
  movePositions,
  neverWithdrawn,
  nothingSuperseded,
  oneMarkForAll,
  outOfOrder,
  reconfigure,
  replaceKind,
  withoutEnd,
  withoutEpoch,
  withoutKeys,
} from "../../mutation/memory-log.ts";
import { replace, type Mutation } from "../../mutation/mutation.ts";
import { breaking, type Mutant } from "./mutant.ts";

const inSqlite = (file: string, from: string, to: string): Mutation => ({
  file: `packages/log-sqlite/src/${file}.ts`,
  from,
  to,
});

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
    {
      file: "packages/log/src/kept-entries.ts",
      from: "for (const kind of EVICTED) this.#dropOldest(kind, () => this.#weighedBytes > this.#keep.bytes);",
      to: `this.trimmed.move = () => {};
    for (const kind of EVICTED) this.#dropOldest(kind, () => this.#weighedBytes > this.#keep.bytes);
    delete this.trimmed.move;`,
    },
    "retention takes what is too much for the whole log",
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
    inSqlite("log-writer", "const waits = now - since < patience;", "const waits = true;"),
    "transactions commit, roll back and stay open",
  ),
  breaking(
    "law 10",
    "what another process has written wakes no reader",
    inSqlite("sqlite-log", "if (this.#hasChanged()) this.#wakeWatchers();", "this.#hasChanged();"),
    "two processes have one file",
  ),
  breaking(
    "law 7",
    "what is deleted leaves no mark",
    inSqlite(
      "schema",
      "trimmed_to = iif(old.kind = ${RELIABLE}, max(trimmed_to, old.seq), trimmed_to)",
      "trimmed_to = trimmed_to",
    ),
    "retention takes rows",
  ),
  breaking(
    "law 4",
    "the end of an epoch is not compared by SQLite",
    replace<typeof epochs>("packages/log-sqlite/src/epochs.ts", {
      Epochs: (Epochs) =>
        class extends Epochs {
          override invalidity(...[position, head]: Parameters<epochs.Epochs["invalidity"]>) {
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
