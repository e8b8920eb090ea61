/** SQLite's primary result codes that somebody can do something about (sqlite.org/rescode.html). */
const BUSY = 5;
const ADVICE: Readonly<Record<number, string>> = {
  5: "Another transaction is writing: keep transactions short, and publish inside one with publishIn.",
  8: "The process must be allowed to write the file, and its folder for the -wal and -shm files.",
  10: "The disk failed. Whether what was being written is stored is unknown; an idempotency key makes a second try safe.",
  11: "The file is damaged and was left as it is: put a backup in its place and run startEpoch().",
  13: "Free some space and publish again.",
  14: "The folder must exist, and the process must be allowed to write it.",
  26: "The file is no SQLite database and was left as it is: check the path.",
};

/** Whether a statement failed because somebody else is writing, or is recovering the file. */
export function isBusy(error: unknown): boolean {
  return codeOf(error) === BUSY;
}

/** What SQLite said, with the file and what can be done about it. */
export function sqliteError(action: string, path: string, cause: unknown): Error {
  const said = cause instanceof Error ? cause.message : String(cause);
  const advice = ADVICE[codeOf(cause) ?? 0];
  return new Error(`Cannot ${action} the log in "${path}": ${said}.${advice === undefined ? "" : ` ${advice}`}`, {
    cause,
  });
}

/** The primary result code; the drivers name the extended one, each in its own way. */
function codeOf(error: unknown): number | null {
  if (!(error instanceof Error)) return null;
  // Any error may have any fields; they are looked at, not trusted.
  const { errcode, rawCode } = error as { errcode?: unknown; rawCode?: unknown };
  const code = errcode ?? rawCode;
  if (typeof code === "number") return code & 0xff;
  // libsql has no code when it cannot open a file, but says it at the end.
  const opening = /^ConnectionFailed\(.*: (\d+)"\)$/s.exec(error.message);
  return opening === null ? null : Number(opening[1]) & 0xff;
}
