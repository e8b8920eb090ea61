import { VOLATILE_AGE, type NewEntry } from "@tidings/log";
import type { Mode } from "@tidings/protocol/mode";
import type { Row } from "./driver.ts";

/** How entries are stored: a withdrawal is a kind of its own, because retention and reads treat it unlike a value. */
export const RELIABLE = 0;
export const VALUE = 1;
export const VOLATILE = 2;
export const WITHDRAWAL = 3;

const MODES: readonly Mode[] = ["reliable", "latest", "volatile", "latest"];

/** An entry as it stands in its table. */
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

/** The rows of `select * from tidings_entry`: the declared columns are not null and SQLite's drivers keep their types. */
export function entryRows(rows: Row[]): EntryRow[] {
  return rows as unknown as EntryRow[];
}

export function kindOf({ mode, data }: NewEntry): number {
  return mode === "latest" && data === null ? WITHDRAWAL : MODES.indexOf(mode);
}

export function modeOf({ kind }: EntryRow): Mode {
  return MODES[kind] ?? "reliable";
}

/** A distance, not an age: a clock that goes back makes no hint and no value eternal. */
export function isOwed({ kind, at, expires_at }: EntryRow, now: number): boolean {
  if (kind === VOLATILE) return Math.abs(now - at) < VOLATILE_AGE;
  return expires_at === null || Math.abs(now - at) < expires_at - at;
}
