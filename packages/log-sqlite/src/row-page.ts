import type { Entry, Limit, Page } from "@tidings/log";
import { entryAt, fillPage, type EpochTable } from "@tidings/log/engine";
import { isOwed, modeOf, type EntryRow } from "./entry-row.ts";

interface RowPage {
  readonly limit: Limit;
  /** The newest `seq` of the log. */
  readonly head: number;
  readonly epochs: EpochTable;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The only channels that count. @default all in the rows */
  readonly channels?: ReadonlySet<string> | null;
}

/** Fills a page with rows of the table `tidings_entry`, without holes. */
export function fillRowPage(
  rows: Iterator<EntryRow, unknown>,
  { limit, head, epochs, now, channels = null }: RowPage,
): Page {
  return fillPage<EntryRow>({
    nextRow() {
      const next = rows.next();
      return next.done === true ? null : next.value;
    },
    limit,
    isOwed: (row) => (channels === null || channels.has(row.channel)) && isOwed(row, now),
    toEntry: (row) => entryOf(row, epochs),
    cursorAt: (seq) => epochs.cursorAt(seq),
    head: epochs.headAt(head),
    holes: [],
  });
}

/** The entry of a row. */
export function entryOf(row: EntryRow, epochs: EpochTable): Entry {
  const { seq, channel, type, key, at, data } = row;
  return entryAt(epochs.cursorAt(seq), { channel, type, mode: modeOf(row), key, at, data });
}
