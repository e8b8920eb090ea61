import { statSync } from "node:fs";
import { resolve } from "node:path";
import { findDriver, type Driver, type Handle, type Statement } from "./driver.ts";
import { isBusy, sqliteError } from "./sqlite-error.ts";

/** How long opening waits for others who are opening or writing, in milliseconds. It blocks, but a process does it once. */
const OPENING = 5_000;

/** A handle of the log's own on its file, with the statements that were prepared on it. */
export class LogFile {
  readonly path: string;
  readonly #handle: Handle;
  readonly #statements = new Map<string, Statement>();
  /** Where the file is, also after the process has changed its folder, and which it is. */
  readonly #place: string;
  readonly #identity: string | null;
  #open = true;

  constructor(path: string, handle: Handle) {
    this.path = path;
    this.#handle = handle;
    this.#place = resolve(path);
    this.#identity = identityOf(this.#place);
  }

  exec(sql: string): void {
    this.#handle.exec(sql);
  }

  /** Prepares once: that takes longer than to run most statements. The texts are constants, so the map stays small. */
  prepare(sql: string): Statement {
    this.refuseClosed();
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, (statement = this.#handle.prepare(sql)));
    return statement;
  }

  /** @throws Error when it was closed */
  refuseClosed(): void {
    if (!this.#open) {
      throw new Error("Expected an open log, got one that was closed; read and publish before hub.close().");
    }
  }

  /**
   * SQLite would go on writing to a file that has no name any more, and all of it would be gone with the handle. Costs some microseconds.
   * @throws Error when it was deleted, or another one was put in its place
   */
  refuseReplaced(): void {
    if (identityOf(this.#place) === this.#identity) return;
    throw new Error(
      "the file was deleted or replaced while it was open. Stop the server, put the right file in its place, run startEpoch(), and start again",
    );
  }

  /** Every statement that was prepared, for who wants to know what SQLite makes of them. */
  get texts(): string[] {
    return [...this.#statements.keys()];
  }

  /** How long a statement may wait inside SQLite, in milliseconds; the event loop stands still. */
  waitInside(milliseconds: number): void {
    this.#handle.exec(`pragma busy_timeout = ${milliseconds}`);
  }

  /** Runs the work in a transaction; a failure leaves none behind. */
  transact<Result>(begin: "begin" | "begin immediate", work: () => Result): Result {
    this.exec(begin);
    try {
      const result = work();
      this.exec("commit");
      return result;
    } catch (error) {
      this.#rollback();
      throw error;
    }
  }

  /** Whether somebody else has a write transaction open, as far as this handle can see. For one that does not wait inside. */
  isTaken(): boolean {
    try {
      this.transact("begin immediate", () => {});
      return false;
    } catch (error) {
      if (isBusy(error)) return true;
      throw error;
    }
  }

  /** May be called again. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    // libsql keeps the file open as long as somebody holds a statement.
    this.#statements.clear();
    this.#handle.close();
  }

  #rollback(): void {
    try {
      this.exec("rollback");
    } catch {
      // SQLite has rolled back by itself, as it does when the disk is full. The first error says more.
    }
  }
}

/** Null where there is no file. */
function identityOf(place: string): string | null {
  const found = statSync(place, { throwIfNoEntry: false });
  return found === undefined ? null : `${found.dev}:${found.ino}`;
}

interface OpenOptions {
  readonly synchronous: "normal" | "full";
  /** Called before anything in the file is changed. */
  readonly check: (file: LogFile) => void;
  /** Called when the file is ready. */
  readonly prepare?: (file: LogFile) => void;
  readonly driver?: Driver;
}

/**
 * Opens a handle of the log's own.
 * @throws Error when the file cannot be opened, is no database, is no file, or fails the check; then it is left as it was
 */
export function openLogFile(
  path: string,
  { synchronous, check, prepare, driver = findDriver() }: OpenOptions,
): LogFile {
  let file: LogFile | undefined;
  try {
    file = new LogFile(path, driver.open(path));
    file.waitInside(OPENING);
    // The first statement that reads the file: what is no database is refused here.
    file.prepare("pragma schema_version").get();
    const main = file.prepare("select file from pragma_database_list where name = 'main'").get();
    if (!main?.["file"]) {
      throw new Error("that is no file, and every handle of the log would have one of its own; use memoryLog()");
    }
    check(file);
    const mode = file.prepare("pragma journal_mode = wal").get()?.["journal_mode"];
    if (mode !== "wal") {
      throw new Error(`expected the journal mode wal, got ${String(mode)}; the folder must be on a local disk`);
    }
    file.exec(`pragma synchronous = ${synchronous}`);
    prepare?.(file);
    return file;
  } catch (cause) {
    file?.close();
    throw sqliteError("open", path, cause);
  }
}
