import { AppendError } from "@tidings/log";

const BUSY = 5;
const FULL = 13;
/** The disk has failed, maybe after the write. */
const IO_ERROR = 10;
/** What to do, by SQLite's primary result code (sqlite.org/rescode.html). */
const ADVICE: Readonly<Record<number, string>> = {
  [BUSY]: "Another transaction is writing: keep transactions short, and publish inside one with publishIn.",
  8: "The process must be allowed to write the file, and its folder for the -wal and -shm files.",
  // SQLite also reports it when it finds no room for the -shm file.
  [IO_ERROR]:
    "The disk failed, or has no room left. The last write may or may not be stored; " +
    "with an idempotency key it is safe to publish again.",
  11: "The file is damaged and was left as it is: put a backup in its place and run startEpoch().",
  [FULL]: "Free some space and publish again.",
  14: "The folder must exist, and the process must be allowed to write it.",
  26: "The file is not a SQLite database and was left as it is: check the path.",
};

/** Whether a statement failed because another handle is writing or recovering the file. */
export function isBusy(error: unknown): boolean {
  return codeOf(error) === BUSY;
}

/** Whether a statement failed because the disk has no room left. */
export function isFull(error: unknown): boolean {
  return codeOf(error) === FULL;
}

/** An error that says what failed, for which file, what SQLite reported, and what to do. */
export function sqliteError(action: string, path: string, cause: unknown): Error {
  const report = cause instanceof Error ? cause.message : String(cause);
  const advice = ADVICE[codeOf(cause) ?? 0];
  const message = `Cannot ${action} the log in "${path}": ${report}.`;
  return new Error(advice === undefined ? message : `${message} ${advice}`, { cause });
}

/** The error of a write. */
export function writeError(action: string, path: string, cause: unknown): AppendError {
  const { message } = sqliteError(action, path, cause);
  return new AppendError(codeOf(cause) === IO_ERROR ? "unknown" : "none", message, { cause });
}

/** The primary result code. Each driver has the extended result code under a name of its own. */
function codeOf(error: unknown): number | null {
  if (!(error instanceof Error)) return null;
  // An error may have any fields, so their types are checked below.
  const { errcode, rawCode } = error as { errcode?: unknown; rawCode?: unknown };
  const code = errcode ?? rawCode;
  if (typeof code === "number") return code & 0xff;
  // When libsql cannot open a file, its error has no code, but the message ends with it.
  const opening = /^ConnectionFailed\(.*: (\d+)"\)$/s.exec(error.message);
  return opening === null ? null : Number(opening[1]) & 0xff;
}
