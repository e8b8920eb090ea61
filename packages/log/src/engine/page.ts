import type { Cursor } from "@tidings/protocol";
import { byteLength } from "../byte-length.ts";
import type { Entry, Hole, Limit, Page } from "../event-log.ts";

/** The answer to a position that is invalid. @param channels those that were asked for, or all of the log */
export function refusedPage(head: Cursor, reason: "reset" | "lost", channels: readonly string[]): Page {
  const holes = [...new Set(channels)].map((channel) => ({ channel, reason, to: head.seq }));
  return { entries: [], next: head, more: false, holes };
}

/** An entry at its position. Only a `latest` entry has a key. */
export function entryAt({ epoch, seq }: Cursor, stored: Omit<Entry, "epoch" | "seq">): Entry {
  const { channel, type, mode, key = "", at, data } = stored;
  return mode === "latest"
    ? { epoch, seq, channel, type, mode, key, at, data }
    : { epoch, seq, channel, type, mode, at, data };
}

/** What an engine scans to fill a page. */
interface ScannedRow {
  readonly seq: number;
  /** JSON text; null for a withdrawal. */
  readonly data: string | null;
}

/** What {@link fillPage} needs. */
interface PageNeeds<Row extends ScannedRow> {
  /** The next row after the position, in the order of `seq`; null at the end. */
  readonly nextRow: () => Row | null;
  readonly limit: Limit;
  /** Whether the reader gets it. A row that is not owed is passed over. */
  readonly isOwed: (row: Row) => boolean;
  readonly toEntry: (row: Row) => Entry;
  readonly cursorAt: (seq: number) => Cursor;
  /** Where a page ends that is the last one. */
  readonly head: Cursor;
  readonly holes: readonly Hole[];
}

/** Takes what is owed until the page is full. A page that is not the last has at least one scanned row. */
export function fillPage<Row extends ScannedRow>(needs: PageNeeds<Row>): Page {
  const { nextRow, limit, isOwed, toEntry, cursorAt, head, holes } = needs;
  const entries: Entry[] = [];
  let scanned = 0;
  let bytes = 0;
  let last = 0;
  for (let row = nextRow(); row !== null; row = nextRow()) {
    const owed = isOwed(row);
    if (owed) bytes += byteLength(row.data ?? "");
    if ((scanned > 0 && scanned >= limit.entries) || (entries.length > 0 && bytes > limit.bytes)) {
      return { entries, next: cursorAt(last), more: true, holes };
    }
    if (owed) entries.push(toEntry(row));
    scanned++;
    last = row.seq;
  }
  return { entries, next: head, more: false, holes };
}
