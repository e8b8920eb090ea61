import { resolve } from "node:path";
import { findDriver, type Driver, type Handle, type Statement } from "./driver.ts";
import { lookAt } from "./file-stats.ts";
import { isBusy, isFull, sqliteError } from "./sqlite-error.ts";

/**
 * The milliseconds that opening may wait for another process that opens or writes the file. It blocks the event loop,
 * but a process opens a log once.
 */
const OPEN_TIMEOUT = 5_000;
/** Milliseconds between two attempts where SQLite itself does not wait. */
const OPEN_PAUSE = 10;

/** The bytes of the header of a -wal file, and of each frame in it. */
const WAL_HEADER = 32;
const FRAME_HEADER = 24;

/** A handle of the log's own on its file, with the statements that were prepared on it. */
export class LogFile {
  readonly path: string;
  readonly #handle: Handle;
  readonly #statements = new Map<string, Statement>();
  /** Leads to the file, perhaps by a symbolic link. */
  #pathToFile: string;
  /** The file itself: the -wal and -shm files are beside it, not beside a link. */
  #database: string;
  /** Of the file that was opened. */
  #identity: string | null;
  /** Of the -wal and -shm files beside it; null while they need not exist. */
  #besideIdentity: string | null = null;
  /** How many bytes the -wal file had after the last commit of this handle. */
  #walBytes = 0;
  /** Whether the -wal file has become shorter, and it is not known yet whether something is lost. */
  #isDoubtful = false;
  #isOpen = true;

  constructor(path: string, handle: Handle) {
    this.path = path;
    this.#handle = handle;
    this.#pathToFile = resolve(path);
    this.#database = this.#pathToFile;
    this.#identity = lookAt(this.#pathToFile).identity;
  }

  /**
   * Asks SQLite which file it has opened. The path may be a symbolic link or a URI. This reads nothing of the file.
   *
   * @throws Error for a database in memory
   */
  findDatabase(): void {
    const main = this.prepare("pragma database_list")
      .all()
      .find(({ name }) => name === "main");
    const database = main?.["file"];
    if (typeof database !== "string" || database === "") {
      throw new Error(
        "expected a file, got a database in memory, of which every handle would have its own; use memoryLog()",
      );
    }
    this.#database = database;
    if (this.#identity !== null) return;
    // A URI is no path.
    this.#pathToFile = database;
    this.#identity = lookAt(database).identity;
  }

  /** The file itself, not a link to it. */
  get database(): string {
    return this.#database;
  }

  /** Whether the -wal file has commits. One that is cut off in its header has none. */
  hasWal(): boolean {
    return this.#wal().size > WAL_HEADER;
  }

  exec(sql: string): void {
    this.#handle.exec(sql);
  }

  /**
   * Prepares a statement once, since preparing takes longer than running most statements. The texts are constants, so
   * the map stays small.
   */
  prepare(sql: string): Statement {
    this.refuseClosed();
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#handle.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  /** @throws Error if the file was closed */
  refuseClosed(): void {
    if (this.#isOpen) return;
    throw new Error("Expected an open log, got one that was closed; read and publish before hub.close().");
  }

  /** Notes which -wal and -shm files this handle uses. SQLite keeps them while a handle is open. */
  noteBeside(): void {
    this.#besideIdentity = this.#identifyBeside(this.#wal().identity);
    this.noteCommit();
  }

  /** Notes how long the -wal file is now. */
  noteCommit(): void {
    this.#walBytes = this.#wal().size;
  }

  /**
   * SQLite continues to write to deleted files, and all of that is gone with the handle. The check costs some
   * microseconds.
   *
   * @throws Error if the file, its -wal or its -shm file was deleted or replaced by another one, or if somebody has
   *   shortened the -wal file
   */
  refuseReplaced(): void {
    if (lookAt(this.#pathToFile).identity !== this.#identity) {
      throw new Error(
        "the file was deleted or replaced while it was open. Stop the server, put the right file in its place, " +
          "run startEpoch(), and start again",
      );
    }
    const wal = this.#wal();
    if (this.#besideIdentity !== null && this.#identifyBeside(wal.identity) !== this.#besideIdentity) {
      throw new Error(
        "the -wal or -shm file beside it was deleted or replaced while it was open. Stop the server without killing " +
          "it, which saves what was published, and start again",
      );
    }
    if (this.#isDoubtful || wal.size < this.#walBytes) this.#refuseShortened();
  }

  /**
   * Another handle may have moved everything into the file, and emptied the -wal file. Otherwise SQLite still needs
   * what is gone: it would go on to write behind the hole, and find none of that after a crash.
   */
  #refuseShortened(): void {
    // While another handle makes a checkpoint, this one cannot tell. Then the next commit looks again.
    this.#isDoubtful = true;
    const frames = this.#moveWal();
    if (frames === null) return;
    if (this.#wal().size < this.#sizeOfFrames(frames)) throw shortened();
    this.#isDoubtful = false;
    this.noteCommit();
  }

  /**
   * Moves what is in the -wal file into the file, as far as no reader needs it where it is.
   *
   * @returns how many frames the -wal file has by the -shm file; null while another handle does the same
   */
  #moveWal(): number | null {
    try {
      const row = this.prepare("pragma wal_checkpoint(passive)").get();
      return Number(row?.["busy"]) === 0 ? Number(row?.["log"]) : null;
    } catch (cause) {
      throw isBusy(cause) || isFull(cause) ? cause : shortened(cause);
    }
  }

  /** The least bytes of a -wal file with so many frames (sqlite.org/fileformat.html, "WAL File Format"). */
  #sizeOfFrames(frames: number): number {
    const pageSize = Number(this.prepare("pragma page_size").get()?.["page_size"]);
    return frames === 0 ? 0 : WAL_HEADER + frames * (FRAME_HEADER + pageSize);
  }

  #wal(): ReturnType<typeof lookAt> {
    return lookAt(`${this.#database}-wal`);
  }

  #identifyBeside(wal: string | null): string {
    return `${wal} ${lookAt(`${this.#database}-shm`).identity}`;
  }

  /** The texts of all statements that were prepared; tests ask SQLite for their query plans. */
  get texts(): string[] {
    return [...this.#statements.keys()];
  }

  /** Sets how long a statement may wait inside SQLite, in milliseconds. Such a wait blocks the event loop. */
  setBusyTimeout(milliseconds: number): void {
    this.#handle.exec(`pragma busy_timeout = ${milliseconds}`);
  }

  /** Runs the work in a transaction, and rolls back if the work or the commit fails. */
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

  /** Whether another handle has a write transaction open, as far as this one can see. Needs a busy timeout of 0. */
  isLocked(): boolean {
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
    if (!this.#isOpen) return;
    this.#isOpen = false;
    // libsql keeps the file open as long as a statement exists.
    this.#statements.clear();
    this.#handle.close();
  }

  #rollback(): void {
    try {
      this.exec("rollback");
    } catch {
      // SQLite has already rolled back, as it does when the disk is full. The first error says more.
    }
  }
}

/**
 * Switches the file to the journal mode wal. SQLite does not wait for another process that does the same at this
 * moment, whatever the busy timeout is: both hold a lock that the other one needs.
 */
function useWal(file: LogFile): unknown {
  for (let attempt = 1; ; attempt++) {
    try {
      return file.prepare("pragma journal_mode = wal").get()?.["journal_mode"];
    } catch (error) {
      if (!isBusy(error) || attempt * OPEN_PAUSE > OPEN_TIMEOUT) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, OPEN_PAUSE);
    }
  }
}

function shortened(cause?: unknown): Error {
  return new Error(
    "the -wal file beside it was shortened while it was open, and commits in it are lost. Stop the server, run " +
      "startEpoch(), and start again",
    { cause },
  );
}

interface OpenOptions {
  readonly synchronous: "normal" | "full";
  /** Called before anything in the file is changed. */
  readonly check: (file: LogFile) => void;
  /**
   * Called when the file is ready. What it writes is on the disk when it returns. `hasWal` says whether the -wal file
   * had commits before. @default nothing
   */
  readonly prepare?: (file: LogFile, hasWal: boolean) => void;
  /** @default the driver of this Node */
  readonly driver?: Driver;
}

/**
 * Opens a handle of the log's own.
 *
 * @throws Error if the file cannot be opened, is not a database, is not a file, or fails the check. The file is then
 *   unchanged
 */
export function openLogFile(
  path: string,
  { synchronous, check, prepare, driver = findDriver() }: OpenOptions,
): LogFile {
  let file: LogFile | undefined;
  try {
    file = new LogFile(path, driver.open(path));
    file.findDatabase();
    const hasWal = file.hasWal();
    file.setBusyTimeout(OPEN_TIMEOUT);
    // This statement is the first to read the file, so it fails if the file is not a database.
    file.prepare("pragma schema_version").get();
    check(file);
    const mode = useWal(file);
    if (mode !== "wal") {
      throw new Error(`expected the journal mode wal, got ${String(mode)}; the folder must be on a local disk`);
    }
    file.exec("pragma synchronous = full");
    prepare?.(file, hasWal);
    file.exec(`pragma synchronous = ${synchronous}`);
    // The first read of a handle creates the files.
    file.prepare("pragma data_version").get();
    file.noteBeside();
    return file;
  } catch (cause) {
    file?.close();
    throw sqliteError("open", path, cause);
  }
}
