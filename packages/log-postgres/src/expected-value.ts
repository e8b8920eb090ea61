import { ConflictError, type NewEntry } from "@tidings/log";
import { parseCursor } from "@tidings/protocol";

/**
 * The error of a batch that conflicts.
 *
 * @param number that of the entry, from 1 on
 * @param id that of the value that is there; empty if there is none
 */
export function conflictError(batch: readonly NewEntry[], number: number, id: string): ConflictError {
  const entry = batch[number - 1];
  if (entry === undefined) throw new Error(`Expected a conflict of one of ${batch.length} entries, got ${number}.`);
  return new ConflictError(entry, parseCursor(id));
}

const REPORT = /tidings conflict in entry (\d+): the id of the value is "([^"]*)"/;

/** The error of a batch, if the server has reported that it conflicts; null for other errors. */
export function reportedConflict(batch: readonly NewEntry[], error: unknown): ConflictError | null {
  if (!(error instanceof Error)) return null;
  const [, number, id = ""] = REPORT.exec(error.message) ?? [];
  // A library may have wrapped the error.
  return number === undefined ? reportedConflict(batch, error.cause) : conflictError(batch, Number(number), id);
}
