import {
  FORGOTTEN_CHANNELS,
  type Entry,
  type Hole,
  type KeepRules,
  type Limit,
  type LogStat,
  type Page,
} from "@tidings/log";
import { refusedPage } from "@tidings/log/engine";
import type { Cursor } from "@tidings/protocol";
import { entryRows, RELIABLE, VALUE, VOLATILE, type EntryRow } from "./entry-row.ts";
import { Epochs, NEWEST_EPOCH } from "./epochs.ts";
import type { LogFile } from "./log-file.ts";
import { HEAD, IS_END, sizeOf } from "./schema.ts";
import { readRules } from "./stored-rules.ts";
import { sqliteError } from "./sqlite-error.ts";
import { entryOf, fillRowPage } from "./row-page.ts";
import { mergeRows, type RowRange } from "./row-range.ts";

/** The most channels that are read along their index. For more channels, the whole log is scanned. */
const MAX_INDEXED_CHANNELS = 1_000;

/**
 * The milliseconds that a read may wait inside SQLite. Readers never wait for writers, only for a process that repairs
 * the file after a crash.
 */
const READ_TIMEOUT = 1_000;

/** The statements that read entries of some kinds along one index. */
interface IndexStatements {
  /** Finds the first entry of every channel from a `seq` on. One statement for all channels, since most have none. */
  readonly firsts: string;
  /** Reads the entries of one channel from a `seq` on. */
  readonly entries: string;
}

/** Names the index. Otherwise an application that runs `analyze` on its file could make SQLite choose another one. */
function indexStatements(index: string, condition: string, isBackward = false): IndexStatements {
  const [first, comparison, order] = isBackward ? ["max", "<=", "desc"] : ["min", ">=", "asc"];
  const table = `tidings_entry indexed by ${index}`;
  const isWanted = `seq ${comparison} ? ${condition}`;
  return {
    firsts: `
select value as channel, (select ${first}(seq) from ${table} where channel = value and ${isWanted}) as first
from json_each(?)`,
    entries: `select * from ${table} where channel = ? and ${isWanted} order by seq ${order} limit ?`,
  };
}

const SCAN = "select * from tidings_entry where seq >= ? order by seq limit ?";
const ALL_KINDS = indexStatements("tidings_entry_channel", "");
const RELIABLE_BACKWARD = indexStatements("tidings_entry_channel", `and kind = ${RELIABLE}`, true);
const VALUES = indexStatements("tidings_entry_value", `and kind = ${VALUE}`);
const ENDS = indexStatements("tidings_entry_end", `and ${IS_END}`);
const STAT = "select entries, bytes + value_bytes as bytes from tidings_total";
const STAT_VOLATILE = `
select count(*) as entries, total(${sizeOf("tidings_entry")}) as bytes from tidings_entry where kind = ${VOLATILE}`;
/** What every read has to know. One statement: a call of the driver costs more than finding these. */
const OPENING = `select ${NEWEST_EPOCH} as epoch, ${HEAD} as head`;
/** The largest mark, from one row of the index, and the mark of every channel without a row. */
const MARKS = `
select forgotten_to as forgotten,
  max(forgotten_to, coalesce((select max(trimmed_to) from tidings_channel where trimmed_to > 0), 0)) as newest
from tidings_total`;
const HOLES = "select channel, trimmed_to from tidings_channel where trimmed_to > 0 and trimmed_to > ?";
/** A channel without a row may be forgotten. */
const MARKS_OF_CHANNELS = `
select value as channel, coalesce((select trimmed_to from tidings_channel where channel = value), ?) as trimmed_to
from json_each(?)`;

/** Reads all channels after a position without the file; null if that cannot be done. */
type ReadNewest = (after: Cursor, limit: Limit) => Page | null;

/** Options of {@link LogReader}. */
interface LogReaderOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Asked first for a reader that follows the log: it mostly wants what this process has written. @default never */
  readonly readNewest?: ReadNewest;
  /** Called with the head of each read, before anybody hears of it. @default nothing */
  readonly onHead?: (head: Cursor) => void;
}

/** The log's own handle for reading. Every method reads one state of the file, in one transaction. */
export class LogReader {
  readonly #file: LogFile;
  readonly #now: () => number;
  readonly #readNewest: ReadNewest;
  readonly #onHead: (head: Cursor) => void;
  readonly #epochs: Epochs;

  constructor(file: LogFile, { now, readNewest = () => null, onHead = () => {} }: LogReaderOptions) {
    this.#file = file;
    this.#now = now;
    this.#readNewest = readNewest;
    this.#onHead = onHead;
    this.#epochs = new Epochs(file);
    file.setBusyTimeout(READ_TIMEOUT);
  }

  read(after: Cursor, channels: readonly string[] | null, limit: Limit): Page {
    const newest = channels === null ? this.#readNewest(after, limit) : null;
    return newest ?? this.#read(after, channels, limit);
  }

  #read(after: Cursor, channels: readonly string[] | null, limit: Limit): Page {
    return this.#inTransaction((head) => {
      const invalid = this.#invalid(after, head, channels);
      if (invalid !== null) return invalid;
      // Most reads are of readers that are caught up.
      if (after.seq === head) return this.#lastPage([], head);
      const named = channels === null ? null : new Set(channels);
      const isScan = named === null || named.size > MAX_INDEXED_CHANNELS;
      const ranges = isScan ? [this.#wholeLog(after.seq)] : this.#ranges(ALL_KINDS, named, after.seq + 1);
      const page = this.#fill(mergeRows(ranges), limit, head, isScan ? named : null);
      return { ...page, holes: this.#holes(after.seq, channels) };
    });
  }

  recent(channels: readonly string[], n: number, before?: Cursor): Page {
    return this.#inTransaction((head) => {
      const invalid = before === undefined ? null : this.#invalid(before, head, channels);
      if (invalid !== null) return invalid;
      const from = (before?.seq ?? head + 1) - 1;
      const entries: Entry[] = [];
      let more = false;
      for (const row of mergeRows(this.#ranges(RELIABLE_BACKWARD, new Set(channels), from), -1)) {
        more = entries.length >= n;
        if (more) break;
        entries.push(entryOf(row, this.#epochs.table));
      }
      return { entries: entries.reverse(), next: this.#epochs.table.headAt(head), more, holes: [] };
    });
  }

  current(channels: readonly string[], after: Cursor | null, limit: Limit): Page {
    return this.#inTransaction((head) => {
      const invalid = after === null ? null : this.#invalid(after, head, channels);
      if (invalid !== null) return invalid;
      const first = (after?.seq ?? 0) + 1;
      const ranges = [VALUES, ENDS].flatMap((statements) => this.#ranges(statements, new Set(channels), first));
      return this.#fill(mergeRows(ranges), limit, head, null);
    });
  }

  head(): Cursor {
    return this.#inTransaction((head) => this.#epochs.table.headAt(head));
  }

  /** The rules are null while none are stored. */
  stat(): Omit<LogStat, "keep" | "rules"> & { readonly rules: KeepRules | null } {
    return this.#inTransaction((head) => {
      const counted = this.#file.prepare(STAT).get();
      const volatile = this.#file.prepare(STAT_VOLATILE).get();
      return {
        head: this.#epochs.table.headAt(head),
        entries: Number(counted?.["entries"]) + Number(volatile?.["entries"]),
        bytes: Number(counted?.["bytes"]) + Number(volatile?.["bytes"]),
        rules: readRules(this.#file),
      };
    });
  }

  close(): void {
    this.#file.close();
  }

  /** All entries after a position. */
  #wholeLog(after: number): RowRange<EntryRow> {
    const statement = this.#file.prepare(SCAN);
    return { first: after + 1, fetch: (from, count) => entryRows(statement.all(from, count)) };
  }

  /** The entries of each channel from a `seq` on, without the channels that have none. */
  #ranges({ firsts, entries }: IndexStatements, channels: ReadonlySet<string>, from: number): RowRange<EntryRow>[] {
    const statement = this.#file.prepare(entries);
    const ranges: RowRange<EntryRow>[] = [];
    for (const { channel, first } of this.#file.prepare(firsts).all(from, JSON.stringify([...channels]))) {
      if (first === null) continue;
      const fetch = (seq: number, count: number) => entryRows(statement.all(String(channel), seq, count));
      ranges.push({ first: Number(first), fetch });
    }
    return ranges;
  }

  /** Runs a read inside one transaction, so that validity, holes and entries belong to the same moment. */
  #inTransaction<Result>(read: (head: number) => Result): Result {
    this.#file.refuseClosed();
    try {
      return this.#file.transact("begin", () => {
        const opening = this.#file.prepare(OPENING).get();
        this.#epochs.update(Number(opening?.["epoch"]));
        const head = Number(opening?.["head"] ?? 0);
        this.#onHead(this.#epochs.table.headAt(head));
        return read(head);
      });
    } catch (cause) {
      throw sqliteError("read", this.#file.path, cause);
    }
  }

  /** @param channels the only ones that count; null for all in the rows */
  #fill(rows: Iterator<EntryRow, void>, limit: Limit, head: number, channels: ReadonlySet<string> | null): Page {
    return fillRowPage(rows, { limit, head, channels, epochs: this.#epochs.table, now: this.#now() });
  }

  #lastPage(entries: readonly Entry[], head: number): Page {
    return { entries, next: this.#epochs.table.headAt(head), more: false, holes: [] };
  }

  /** The answer to an invalid position; null if it is valid. */
  #invalid(position: Cursor, head: number, channels: readonly string[] | null): Page | null {
    const { table } = this.#epochs;
    const reason = table.invalidity(position, head);
    return reason === null ? null : refusedPage(table.headAt(head), reason, channels ?? this.#everyChannel());
  }

  /** Scans the whole log. It is needed only for a read of every channel with a position of another log. */
  #everyChannel(): string[] {
    const rows = this.#file
      .prepare("select channel from tidings_channel union select channel from tidings_entry")
      .all();
    return rows.map((row) => String(row["channel"]));
  }

  #holes(after: number, channels: readonly string[] | null): Hole[] {
    const largest = this.#file.prepare(MARKS).get();
    // That is enough for a reader after every hole, and nearly all readers are.
    if (Number(largest?.["newest"]) <= after) return [];
    const forgotten = Number(largest?.["forgotten"]);
    const marks =
      channels === null
        ? [...this.#file.prepare(HOLES).all(after), { channel: FORGOTTEN_CHANNELS, trimmed_to: forgotten }]
        : this.#file.prepare(MARKS_OF_CHANNELS).all(forgotten, JSON.stringify([...new Set(channels)]));
    return marks
      .map((mark) => ({ channel: String(mark.channel), reason: "trimmed" as const, to: Number(mark.trimmed_to) }))
      .filter(({ to }) => to > after);
  }
}
