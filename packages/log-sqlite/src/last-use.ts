import { formatCursor, type Cursor } from "@tidings/protocol";
import type { SqliteTransaction } from "./driver.ts";
import type { LogFile } from "./log-file.ts";
import { beginEpoch, hasEpoch, readEpoch, readHead } from "./schema.ts";
import { readShownHead } from "./shown-head.ts";

// What the file says about its last use. SQLite finds what a killed process has committed in the -wal file. After a
// power cut that file may lack its last commits, and somebody may delete it. Then the log has lost acknowledged
// entries, and would give their seqs to others.

/** What is known when a log is opened. */
export interface Opening {
  /** Identifies the running boot of the machine. */
  readonly boot: string;
  /** Whether the -wal file had commits before this process opened the log. */
  readonly hasWal: boolean;
  /** The name of the epoch that begins if entries may be lost. */
  readonly epoch: string;
}

/**
 * Begins a new epoch if entries of the running one may be lost. It costs readers nothing if none is lost: only the
 * positions after the head that is found are invalid then. Otherwise it writes nothing.
 *
 * @throws Error if a damaged -wal file has left tables that do not fit together
 */
export function continueEpoch(file: LogFile, opening: Opening): void {
  if (isIntact(file, opening)) return;
  // Read first: another process may append an entry, and show it, at this moment.
  const shown = readShownHead(file.database);
  if (!hasShown(file, shown)) refuseMixed(file);
  file.transact("begin immediate", () => {
    const isNew = readMark(file, "boot") === null && readHead(file) === 0;
    if (!isNew && !isIntact(file, opening)) beginEpoch(file, opening.epoch, readHead(file));
    if (shown !== null && !hasShown(file, shown)) writeMark(file, "missed", formatCursor(shown));
    noteUse(file, opening.boot);
  });
  // The note must not be in the -wal file alone.
  file.exec("pragma wal_checkpoint(passive)");
}

/** Whether the log was closed and has not been used since. Then no entry may be written before the use is noted. */
export function isAtRest(file: SqliteTransaction): boolean {
  return readMark(file, "closed") !== null;
}

/**
 * Notes, before the first entry is written, that the log may get entries which are in the -wal file only. The file
 * itself must not look closed any more. A reader of the file, such as a backup, may hold up the checkpoint. Then a new
 * epoch begins: if the -wal file is lost, that epoch is lost, too, and none of its seqs is given out again in it.
 *
 * Several processes may do this at the same time, and each of them may die or have to try again. If another one closes
 * the log meanwhile, the log is at rest again.
 *
 * @param use.epoch the name of the epoch that may begin
 */
export function beginUse(file: LogFile, use: Use): void {
  const mine = file.transact("begin immediate", () => {
    const note = `${headAtClose(file)} ${use.epoch}`;
    if (isAtRest(file)) writeMark(file, "closed", note);
    return note;
  });
  const isSaved = checkpoint(file);
  file.transact("begin immediate", () => {
    if (readMark(file, "closed") !== mine) return;
    if (!isSaved) beginEpoch(file, use.epoch, headAtClose(file));
    noteUse(file, use.boot);
  });
}

/**
 * The same inside the transaction that has inserted the first entries: no checkpoint can come before its commit, so an
 * epoch begins.
 */
export function beginUseInside(transaction: SqliteTransaction, use: Use): void {
  beginEpoch(transaction, use.epoch, headAtClose(transaction));
  noteUse(transaction, use.boot);
}

/** Who uses the log. */
export interface Use {
  /** Identifies the running boot of the machine. */
  readonly boot: string;
  /** The name of the epoch that begins if the use cannot be noted in the file itself. */
  readonly epoch: string;
}

function noteUse(file: SqliteTransaction, boot: string): void {
  file.prepare("delete from tidings_meta where name = 'closed'").run();
  writeMark(file, "boot", boot);
}

/** The head with which the log was closed. The note may have the name of an epoch after it. */
function headAtClose(file: SqliteTransaction): number {
  return Number.parseInt(readMark(file, "closed") ?? "0", 10);
}

/** Moves the -wal file into the file. @returns whether all of it is there now */
function checkpoint(file: LogFile): boolean {
  const row = file.prepare("pragma wal_checkpoint(passive)").get();
  return Number(row?.["busy"]) === 0 && Number(row?.["log"]) === Number(row?.["checkpointed"]);
}

/** Notes, inside a transaction, that the last entry is in the file. A checkpoint has to follow. */
export function noteClose(file: LogFile): void {
  writeMark(file, "closed", String(readHead(file)));
}

/** Whether the file certainly has every entry that was acknowledged. */
function isIntact(file: LogFile, { boot, hasWal }: Opening): boolean {
  if (!hasShown(file, readShownHead(file.database))) return false;
  if (hasWal) return readMark(file, "boot") === boot;
  return readMark(file, "closed") === String(readHead(file));
}

/**
 * Whether the file has the newest entry that was shown, or an epoch has ended since. One that it lacks ends an epoch
 * only once: the note of it stays where it cannot be replaced.
 */
function hasShown(file: LogFile, shown: Cursor | null): boolean {
  if (shown === null || formatCursor(shown) === readMark(file, "missed")) return true;
  if (shown.epoch === readEpoch(file)) return shown.seq <= readHead(file);
  return hasEpoch(file, shown.epoch);
}

/** A row of the application that breaks its own rules. The application may have stored it so; it is no damage. */
const UNSOUND_ROW = /^(CHECK constraint failed|(NULL|NUMERIC|TEXT|non-\w+) value) in /;

/**
 * A checkpoint may have moved commits into the file that the damaged -wal file lacks. SQLite then reads newer pages of
 * the file together with older ones of the -wal file. The check takes some seconds for a large file, so it is made only
 * after a loss.
 */
function refuseMixed(file: LogFile): void {
  const reports = file
    .prepare("pragma integrity_check(1000)")
    .all()
    .map((row) => String(row["integrity_check"]));
  const report = reports.find((each) => each !== "ok" && !UNSOUND_ROW.test(each));
  if (report === undefined) return;
  throw new Error(
    "the -wal file beside it has lost commits, and what is left does not fit together " +
      `(${report}). Put a backup in its place, run startEpoch(), and start again`,
  );
}

/** `missed` is the newest entry that was shown and that the file lacks: its epoch has ended. */
type Mark = "boot" | "closed" | "missed";

function readMark(file: SqliteTransaction, name: Mark): string | null {
  // Safe: these are the columns of the statement.
  const row = file.prepare("select value from tidings_meta where name = ?").get(name) as { value: unknown } | undefined;
  return row === undefined ? null : String(row.value);
}

function writeMark(file: SqliteTransaction, name: Mark, value: string): void {
  file.prepare("insert or replace into tidings_meta values (?, ?)").run(name, value);
}
