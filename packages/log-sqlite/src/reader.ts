import type { Entry, Hole, Limit, LogStat, Page } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import { entryRows, isOwed, modeOf, RELIABLE, VALUE, VOLATILE, type EntryRow } from "./entry-row.ts";
import { Epochs } from "./epochs.ts";
import type { LogFile } from "./log-file.ts";
import { readHead, sizeOf } from "./schema.ts";
import { sqliteError } from "./sqlite-error.ts";
import { walk, type Source } from "./walk.ts";

/** Up to this many channels are read along their index; above, the log is scanned. */
const INDEX_LIMIT = 1_000;

/** How long a look may wait inside SQLite, in milliseconds. Writers are not waited for, only who repairs the file after a crash. */
const LOOK_WAIT = 1_000;

/** Which entries of a channel are asked for, and along which index; the others are passed over. */
interface Kinds {
  /** Answers for every channel where it has the first entry from a place on: one statement for all, and most have nothing. */
  readonly firsts: string;
  readonly entries: string;
}

/** The index is named, because an application that runs `analyze` on its file would else change SQLite's mind about it. */
const kinds = (index: string, where: string, isBackward = false): Kinds => {
  const [first, from, order] = isBackward ? ["max", "<=", "desc"] : ["min", ">=", "asc"];
  const table = `tidings_entry indexed by ${index}`;
  const wanted = `seq ${from} ? ${where}`;
  return {
    firsts: `
select value as channel, (select ${first}(seq) from ${table} where channel = value and ${wanted}) as first from json_each(?)`,
    entries: `select * from ${table} where channel = ? and ${wanted} order by seq ${order} limit ?`,
  };
};

const EVERY = "select * from tidings_entry where seq >= ? order by seq limit ?";
const ALL = kinds("tidings_entry_channel", "");
const HISTORY = kinds("tidings_entry_channel", `and kind = ${RELIABLE}`, true);
const VALUES = kinds("tidings_entry_value", `and kind = ${VALUE}`);
const STAT = `
select total(entries + withdrawals + value_count) as entries, total(bytes + value_bytes) as bytes from tidings_channel`;
const STAT_HINTS = `
select count(*) as entries, total(${sizeOf("tidings_entry")}) as bytes from tidings_entry where kind = ${VOLATILE}`;

/** The log's own reading handle. Every method is one look at one state of the file. */
export class Reader {
  readonly #file: LogFile;
  readonly #now: () => number;
  readonly #epochs: Epochs;

  constructor(file: LogFile, now: () => number) {
    this.#file = file;
    this.#now = now;
    this.#epochs = new Epochs(file);
    file.waitInside(LOOK_WAIT);
  }

  read(after: Cursor, channels: readonly string[] | null, limit: Limit): Page {
    return this.#look((head) => {
      const invalid = this.#invalid(after, head, channels);
      if (invalid !== null) return invalid;
      const asked = channels === null ? null : new Set(channels);
      // Most looks are of somebody who is caught up.
      if (after.seq === head) return { entries: [], next: this.#epochs.head(head), more: false, holes: [] };
      const isScan = asked === null || asked.size > INDEX_LIMIT;
      const rows = walk(isScan ? [this.#every(after.seq)] : this.#sources(ALL, asked, after.seq + 1));
      const page = this.#fill(rows, limit, head, isScan ? asked : null);
      return { ...page, holes: this.#holes(after.seq, channels) };
    });
  }

  recent(channels: readonly string[], n: number, before?: Cursor): Page {
    return this.#look((head) => {
      const invalid = before === undefined ? null : this.#invalid(before, head, channels);
      if (invalid !== null) return invalid;
      const entries: Entry[] = [];
      let more = false;
      for (const row of walk(this.#sources(HISTORY, new Set(channels), (before?.seq ?? head + 1) - 1), -1)) {
        more = entries.length >= n;
        if (more) break;
        entries.push(this.#entry(row));
      }
      return { entries: entries.reverse(), next: this.#epochs.head(head), more, holes: [] };
    });
  }

  current(channels: readonly string[], after: Cursor | null, limit: Limit): Page {
    return this.#look((head) => {
      const invalid = after === null ? null : this.#invalid(after, head, channels);
      if (invalid !== null) return invalid;
      const rows = walk(this.#sources(VALUES, new Set(channels), (after?.seq ?? 0) + 1));
      return this.#fill(rows, limit, head, null);
    });
  }

  head(): Cursor {
    return this.#look((head) => this.#epochs.head(head));
  }

  stat(): Omit<LogStat, "keep"> {
    return this.#look((head) => {
      const kept = this.#file.prepare(STAT).get();
      const hints = this.#file.prepare(STAT_HINTS).get();
      return {
        head: this.#epochs.head(head),
        entries: Number(kept?.["entries"]) + Number(hints?.["entries"]),
        bytes: Number(kept?.["bytes"]) + Number(hints?.["bytes"]),
      };
    });
  }

  close(): void {
    this.#file.close();
  }

  #every(after: number): Source<EntryRow> {
    const entries = this.#file.prepare(EVERY);
    return { first: after + 1, fetch: (from, most) => entryRows(entries.all(from, most)) };
  }

  /** The channels that have something from a place on. */
  #sources({ firsts, entries }: Kinds, channels: ReadonlySet<string>, from: number): Source<EntryRow>[] {
    const statement = this.#file.prepare(entries);
    const sources: Source<EntryRow>[] = [];
    for (const { channel, first } of this.#file.prepare(firsts).all(from, JSON.stringify([...channels]))) {
      if (first === null) continue;
      const fetch = (place: number, most: number) => entryRows(statement.all(String(channel), place, most));
      sources.push({ first: Number(first), fetch });
    }
    return sources;
  }

  /** Runs a look inside one read transaction, so that validity, holes and entries are of the same moment. */
  #look<Result>(look: (head: number) => Result): Result {
    this.#file.refuseClosed();
    try {
      return this.#file.transact("begin", () => {
        this.#epochs.refresh();
        return look(readHead(this.#file));
      });
    } catch (cause) {
      throw sqliteError("read", this.#file.path, cause);
    }
  }

  /** Takes what is owed until the page is full; it has one entry in any case. */
  #fill(rows: Iterable<EntryRow>, limit: Limit, head: number, wanted: ReadonlySet<string> | null): Page {
    const now = this.#now();
    const entries: Entry[] = [];
    let scanned = 0;
    let bytes = 0;
    let next: number | null = null;
    for (const row of rows) {
      const cursor = next === null ? null : this.#epochs.cursorAt(next);
      if (cursor !== null && scanned >= limit.entries) return { entries, next: cursor, more: true, holes: [] };
      if (wanted?.has(row.channel) !== false && isOwed(row, now)) {
        bytes += row.data?.length ?? 0;
        if (cursor !== null && entries.length > 0 && bytes > limit.bytes) {
          return { entries, next: cursor, more: true, holes: [] };
        }
        entries.push(this.#entry(row));
      }
      scanned++;
      next = row.seq;
    }
    return { entries, next: this.#epochs.head(head), more: false, holes: [] };
  }

  #invalid(position: Cursor, head: number, channels: readonly string[] | null): Page | null {
    const reason = this.#epochs.invalidity(position, head);
    if (reason === null) return null;
    const holes = [...new Set(channels ?? this.#everyChannel())].map((channel) => ({ channel, reason, to: head }));
    return { entries: [], next: this.#epochs.head(head), more: false, holes };
  }

  /** Looks at the whole log. Only who comes from another log with no channel in mind asks for that. */
  #everyChannel(): string[] {
    const rows = this.#file
      .prepare("select channel from tidings_channel union select channel from tidings_entry")
      .all();
    return rows.map((row) => String(row["channel"]));
  }

  #holes(after: number, channels: readonly string[] | null): Hole[] {
    // One row of the index answers who is caught up, and that is nearly everybody.
    const newest = this.#file.prepare("select max(trimmed_to) as seq from tidings_channel where trimmed_to > 0").get();
    if (Number(newest?.["seq"] ?? 0) <= after) return [];
    const rows =
      channels === null
        ? this.#file
            .prepare("select channel, trimmed_to from tidings_channel where trimmed_to > 0 and trimmed_to > ?")
            .all(after)
        : this.#file
            .prepare(
              "select channel, trimmed_to from tidings_channel where channel in (select value from json_each(?)) and trimmed_to > ?",
            )
            .all(JSON.stringify(channels), after);
    return rows.map((row) => ({ channel: String(row["channel"]), reason: "trimmed", to: Number(row["trimmed_to"]) }));
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
