import { VOLATILE_AGE, type NewEntry } from "@tidings/log";
import { END_TYPE, type Mode } from "@tidings/protocol/mode";
import type { Row } from "./driver.ts";

// The kinds of entries in the file. A withdrawal is a kind of its own, because retention and reads do not treat it like
// a value.

export const RELIABLE = 0;
export const VALUE = 1;
export const VOLATILE = 2;
export const WITHDRAWAL = 3;

const MODES: readonly Mode[] = ["reliable", "latest", "volatile", "latest"];

/** A row of the table `tidings_entry`. */
export interface EntryRow {
  readonly seq: number;
  readonly channel: string;
  readonly type: string;
  readonly kind: number;
  readonly key: string;
  readonly at: number;
  readonly data: string | null;
  readonly expires_at: number | null;
}

/** Types the rows of `select * from tidings_entry`. */
export function entryRows(rows: Row[]): EntryRow[] {
  // The table declares the types of these columns, and the drivers keep them.
  return rows as unknown as EntryRow[];
}

/** The kind that an entry is stored as. */
export function kindOf({ mode, data }: NewEntry): number {
  return mode === "latest" && data === null ? WITHDRAWAL : MODES.indexOf(mode);
}

/** The mode of a stored entry. */
export function modeOf({ kind }: EntryRow): Mode {
  return MODES[kind] ?? "reliable";
}

/**
 * Whether the age of an entry still allows to deliver it. The distance between its time and now counts, so no entry
 * lives for ever when the clock goes back.
 */
export function isOwed({ kind, at, expires_at }: EntryRow, now: number): boolean {
  if (kind === VOLATILE) return Math.abs(now - at) < VOLATILE_AGE;
  return expires_at === null || Math.abs(now - at) < expires_at - at;
}

/** Whether an entry deletes others when it is inserted: a value that of its key, an end the values of its channel. */
export function replacesOthers({ kind, type }: Omit<EntryRow, "seq">): boolean {
  return kind === VALUE || kind === WITHDRAWAL || type === END_TYPE;
}
