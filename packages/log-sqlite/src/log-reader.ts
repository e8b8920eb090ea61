import {
  byteLength,
  FORGOTTEN_CHANNELS,
  type Entry,
  type Hole,
  type KeepRules,
  type Limit,
  type LogStat,
  type Page,
} from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import { entryRows, isOwed, modeOf, RELIABLE, VALUE, VOLATILE, type EntryRow } from "./entry-row.ts";
import { Epochs } from "./epochs.ts";
import type { LogFile } from "./log-file.ts";
import { IS_END, readHead, sizeOf } from "./schema.ts";
import { readRules } from "./stored-rules.ts";
import { sqliteError } from "./sqlite-error.ts";
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
const HOLES = "select channel, trimmed_to from tidings_channel where trimmed_to > 0 and trimmed_to > ?";
/** A channel without a row may be forgotten. */
const MARKS_OF_CHANNELS = `
select value as channel, coalesce((select trimmed_to from tidings_channel where channel = value), ?) as trimmed_to
from json_each(?)`;

/** The log's own handle for reading. Every method reads one state of the file, in one transaction. */
export class LogReader {
  readonly #file: LogFile;
  readonly #now: () => number;
  readonly #epochs: Epochs;

  constructor(file: LogFile, now: () => number) {
    this.#file = file;
    this.#now = now;
    this.#epochs = new Epochs(file);
    file.setBusyTimeout(READ_TIMEOUT);
  }

  read(after: Cursor, channels: readonly string[] | null, limit: Limit): Page {
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
        entries.push(this.#entry(row));
      }
      return { entries: entries.reverse(), next: this.#epochs.head(head), more, holes: [] };
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
    return this.#inTransaction((head) => this.#epochs.head(head));
  }

  /** The rules are null while none are stored. */
  stat(): Omit<LogStat, "keep" | "rules"> & { readonly rules: KeepRules | null } {
    return this.#inTransaction((head) => {
      const counted = this.#file.prepare(STAT).get();
      const volatile = this.#file.prepare(STAT_VOLATILE).get();
      return {
        head: this.#epochs.head(head),
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
        this.#epochs.refresh();
        return read(readHead(this.#file));
      });
    } catch (cause) {
      throw sqliteError("read", this.#file.path, cause);
    }
  }

  /** Takes what is owed until the page is full. A page that is not the last has at least one scanned entry. */
  #fill(rows: Iterable<EntryRow>, limit: Limit, head: number, channels: ReadonlySet<string> | null): Page {
    const now = this.#now();
    const entries: Entry[] = [];
    let scanned = 0;
    let bytes = 0;
    let lastSeq: number | null = null;
    for (const row of rows) {
      const next = lastSeq === null ? null : this.#epochs.cursorAt(lastSeq);
      if (next !== null && scanned >= limit.entries) return { entries, next, more: true, holes: [] };
      const isNamed = channels === null || channels.has(row.channel);
      if (isNamed && isOwed(row, now)) {
        bytes += byteLength(row.data ?? "");
        if (next !== null && entries.length > 0 && bytes > limit.bytes) {
          return { entries, next, more: true, holes: [] };
        }
        entries.push(this.#entry(row));
      }
      scanned++;
      lastSeq = row.seq;
    }
    return this.#lastPage(entries, head);
  }

  #lastPage(entries: readonly Entry[], head: number): Page {
    return { entries, next: this.#epochs.head(head), more: false, holes: [] };
  }

  /** The answer to an invalid position; null if it is valid. */
  #invalid(position: Cursor, head: number, channels: readonly string[] | null): Page | null {
    const reason = this.#epochs.invalidity(position, head);
    if (reason === null) return null;
    const holes = [...new Set(channels ?? this.#everyChannel())].map((channel) => ({ channel, reason, to: head }));
    return { entries: [], next: this.#epochs.head(head), more: false, holes };
  }

  /** Scans the whole log. It is needed only for a read of every channel with a position of another log. */
  #everyChannel(): string[] {
    const rows = this.#file
      .prepare("select channel from tidings_channel union select channel from tidings_entry")
      .all();
    return rows.map((row) => String(row["channel"]));
  }

  #holes(after: number, channels: readonly string[] | null): Hole[] {
    // One row of the index is enough for a reader after every hole, and nearly all readers are.
    const newest = this.#file.prepare("select max(trimmed_to) as seq from tidings_channel where trimmed_to > 0").get();
    const forgotten = Number(this.#file.prepare("select forgotten_to as seq from tidings_total").get()?.["seq"]);
    if (Math.max(Number(newest?.["seq"] ?? 0), forgotten) <= after) return [];
    const marks =
      channels === null
        ? [...this.#file.prepare(HOLES).all(after), { channel: FORGOTTEN_CHANNELS, trimmed_to: forgotten }]
        : this.#file.prepare(MARKS_OF_CHANNELS).all(forgotten, JSON.stringify([...new Set(channels)]));
    return marks
      .map((mark) => ({ channel: String(mark.channel), reason: "trimmed" as const, to: Number(mark.trimmed_to) }))
      .filter(({ to }) => to > after);
  }

  #entry(row: EntryRow): Entry {
    const { epoch, seq } = this.#epochs.cursorAt(row.seq);
    const { channel, type, at, data } = row;
    const mode = modeOf(row);
    return mode === "latest"
      ? { epoch, seq, channel, type, mode, key: row.key, at, data }
      : { epoch, seq, channel, type, mode, at, data };
  }
}
