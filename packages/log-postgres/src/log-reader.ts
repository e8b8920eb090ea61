import { parseRules, type Entry, type Hole, type KeepRules, type Limit, type LogStat, type Page } from "@tidings/log";
import { entryAt, refusedPage, type KnownEpochs, toInteger } from "@tidings/log/engine";
import type { Cursor } from "@tidings/protocol";
import type { Mode } from "@tidings/protocol/mode";
import { type Database, type Row, type Value } from "./database.ts";
import { isLostConnection, isRetryable, postgresError } from "./postgres-error.ts";
import { ENTRY_BYTES, VOLATILE } from "./sql/tables.ts";

const MODES: readonly Mode[] = ["reliable", "latest", "volatile", "latest"];

/** How often a read is tried: more often than there are connections by default, each of which may be lost. */
const ATTEMPTS = 5;

/** A row of an entry. */
interface EntryRow {
  readonly seq: string;
  readonly channel: string;
  readonly type: string;
  readonly kind: number;
  readonly key: string;
  readonly at: string;
  readonly data: string | null;
}

/** What one statement has found. */
interface Found {
  /** The head of the log, in the running epoch. */
  readonly head: Cursor;
  /** Why the position is invalid; null if it is valid. */
  readonly reason: "reset" | "lost" | null;
  /** The channels that have lost something; of an invalid position, all channels of the log if it named none. */
  readonly holes: readonly { readonly channel: string; readonly to?: number }[];
  readonly rows: readonly Row[];
}

/** Reads the log. Each method is one statement, so it sees one state of the log. */
export class LogReader {
  readonly #database: Database;
  readonly #now: () => number | null;
  readonly #epochs: KnownEpochs;

  /** @param now milliseconds since 1970; null for the clock of the server */
  constructor(database: Database, epochs: KnownEpochs, now: () => number | null) {
    this.#database = database;
    this.#epochs = epochs;
    this.#now = now;
  }

  async read(after: Cursor, channels: readonly string[] | null, limit: Limit): Promise<Page> {
    const entries = "entries_after($2, $3, false, $4, $5, $6)";
    const found = await this.#find(after, channels, entries, [
      toInteger(limit.entries),
      toInteger(limit.bytes),
      this.#now(),
    ]);
    return this.#invalid(found, channels) ?? this.#page(found, found.holes.map(trimmedHole));
  }

  async recent(channels: readonly string[], n: number, before?: Cursor): Promise<Page> {
    const position = before ?? null;
    const entries = "entries_before(coalesce($2, validated.head + 1), $3, $4)";
    const found = await this.#find(position, channels, entries, [toInteger(n + 1)]);
    const older = found.rows.slice(0, n).map((row) => this.#entry(row));
    const page = { entries: older.toReversed(), next: found.head, more: found.rows.length > n, holes: [] };
    return this.#invalid(found, channels) ?? page;
  }

  async current(channels: readonly string[], after: Cursor | null, limit: Limit): Promise<Page> {
    const entries = "entries_after(coalesce($2, 0), $3, true, $4, $5, $6)";
    const found = await this.#find(after, channels, entries, [
      toInteger(limit.entries),
      toInteger(limit.bytes),
      this.#now(),
    ]);
    return this.#invalid(found, channels) ?? this.#page(found, []);
  }

  async head(): Promise<Cursor> {
    const { schema } = this.#database;
    const [row] = await this.#query(`select head, epoch from ${schema}.validate(null, null)`, []);
    return { epoch: String(row?.["epoch"]), seq: Number(row?.["head"]) };
  }

  /** The rules are null while none are stored. */
  async stat(): Promise<Omit<LogStat, "keep" | "rules"> & { readonly rules: KeepRules | null }> {
    const { schema } = this.#database;
    const size = `coalesce(sum(coalesce(octet_length(data), 0) + ${ENTRY_BYTES}), 0) as bytes`;
    const query = `
select head, epoch, total.entries + others.entries as entries, total.bytes + value_bytes + others.bytes as bytes,
  rules
from ${schema}.validate(null, null) validated, ${schema}.retention, ${schema}.total total, (
  select count(*) as entries, ${size} from (
    select data from ${schema}.entry where seq > ${schema}.mark_of('settled')
    union all
    select data from ${schema}.entry where kind = ${VOLATILE} and seq <= ${schema}.mark_of('settled')
  ) uncounted
) others`;
    const [row] = await this.#query(query, []);
    const head = { epoch: String(row?.["epoch"]), seq: Number(row?.["head"]) };
    const text = row?.["rules"];
    const rules = typeof text === "string" ? parseRules(text) : null;
    return { head, entries: Number(row?.["entries"]), bytes: Number(row?.["bytes"]), rules };
  }

  /**
   * Validates a position and finds entries, in one statement.
   *
   * @param entries the function that finds entries. $1 is the epoch, $2 the `seq`, $3 the list of channels
   */
  async #find(
    position: Cursor | null,
    channels: readonly string[] | null,
    entries: string,
    values: readonly Value[],
  ): Promise<Found> {
    const { schema } = this.#database;
    // The holes come with the first row only: there may be hundreds of each.
    const text = `
select validated.head, validated.epoch, validated.reason,
  case when row_number() over () = 1 then ${schema}.holes($2, $3, validated.reason) end as holes, found.*
from ${schema}.validate($1, $2) validated left join lateral ${schema}.${entries} found on validated.reason is null`;
    const named = channels === null ? null : [...new Set(channels)];
    const rows = await this.#query(text, [position?.epoch ?? null, position?.seq ?? null, named, ...values]);
    const { head, epoch, reason, holes } = rows[0] ?? {};
    await this.#epochs.know(String(epoch)).catch(refuseRead);
    return {
      head: { epoch: String(epoch), seq: Number(head) },
      // The function `validate` returns one of these.
      reason: reason as Found["reason"],
      // The function `holes` makes such a list.
      holes: (holes ?? []) as Found["holes"],
      rows: rows.filter(({ seq }) => seq !== null),
    };
  }

  /** The answer to an invalid position; null if it is valid. */
  #invalid({ head, reason, holes }: Found, channels: readonly string[] | null): Page | null {
    return reason === null ? null : refusedPage(head, reason, channels ?? holes.map(({ channel }) => channel));
  }

  #page({ head, rows }: Found, holes: readonly Hole[]): Page {
    const last = rows.at(-1);
    // A last row without a channel says where the page ended.
    if (last === undefined || last["channel"] !== null) {
      return { entries: rows.map((row) => this.#entry(row)), next: head, more: false, holes };
    }
    const entries = rows.slice(0, -1).map((row) => this.#entry(row));
    return { entries, next: this.#epochs.cursorAt(Number(last["seq"])), more: true, holes };
  }

  #entry(row: Row): Entry {
    // The functions that find entries return such rows. The driver leaves a bigint a text.
    const { seq, channel, type, kind, key, at, data } = row as unknown as EntryRow;
    const mode = MODES[kind] ?? "reliable";
    return entryAt(this.#epochs.cursorAt(Number(seq)), { channel, type, mode, key, at: Number(at), data });
  }

  async #query(text: string, values: readonly Value[]): Promise<readonly Row[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#database.query(text, values);
      } catch (cause) {
        // After a restart of the server, a statement may find out that its connection was closed. Reads of a standby
        // and serializable ones may conflict with what is written.
        const isOfUse = isLostConnection(cause) || isRetryable(cause);
        if (attempt === ATTEMPTS || !isOfUse) refuseRead(cause);
      }
    }
  }
}

function refuseRead(cause: unknown): never {
  throw postgresError("read", cause);
}

function trimmedHole({ channel, to = 0 }: Found["holes"][number]): Hole {
  return { channel, reason: "trimmed", to };
}
