import type { LogFile } from "./log-file.ts";
import { beginEpoch, readHead } from "./schema.ts";

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
 */
export function continueEpoch(file: LogFile, opening: Opening): void {
  if (isIntact(file, opening)) return;
  file.transact("begin immediate", () => {
    const isNew = readMark(file, "boot") === null && readHead(file) === 0;
    if (!isNew && !isIntact(file, opening)) beginEpoch(file, opening.epoch);
    noteUse(file, opening.boot);
    writeMark(file, "boot", opening.boot);
  });
  // The note must not be in the -wal file alone.
  file.exec("pragma wal_checkpoint(passive)");
}

/**
 * Notes, inside a transaction, that the log may get entries which are in the -wal file only.
 *
 * @returns whether this was not noted yet; then a checkpoint has to follow
 */
export function noteUse(file: LogFile, boot: string): boolean {
  const isClosed = Number(file.prepare("delete from tidings_meta where name = 'closed'").run().changes) > 0;
  if (isClosed) writeMark(file, "boot", boot);
  return isClosed;
}

/** Notes, inside a transaction, that the last entry is in the file. A checkpoint has to follow. */
export function noteClose(file: LogFile): void {
  writeMark(file, "closed", String(readHead(file)));
}

/** Whether the file certainly has every entry that was acknowledged. */
function isIntact(file: LogFile, { boot, hasWal }: Opening): boolean {
  if (hasWal) return readMark(file, "boot") === boot;
  return readMark(file, "closed") === String(readHead(file));
}

function readMark(file: LogFile, name: "boot" | "closed"): string | null {
  const row = file.prepare("select value from tidings_meta where name = ?").get(name);
  return row === undefined ? null : String(row["value"]);
}

function writeMark(file: LogFile, name: "boot" | "closed", value: string): void {
  file.prepare("insert or replace into tidings_meta values (?, ?)").run(name, value);
}
