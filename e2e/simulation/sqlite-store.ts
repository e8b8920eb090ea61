import { existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type * as sqlite from "node:sqlite";
import { sqliteLog, startEpoch, type Clock } from "@tidings/log-sqlite";
import type { EventLog } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import { positionOf } from "./position.ts";
import type { Random } from "./random.ts";
import type { Copies, Handle, Store } from "./store.ts";

interface SqliteStoreOptions {
  /** Where its file may be. */
  readonly folder: string;
  readonly kept: number;
  readonly keptBytes: number;
  /** Milliseconds. */
  readonly age: number;
  readonly now: () => number;
  readonly random: Random;
}

/**
 * A check of an unchanged file finds nothing. So it is delayed by this many milliseconds, or until soon after the next
 * commit.
 */
const IDLE = 250;
/** A pause of at most so many milliseconds is one between two checks of the file. */
const CHECK = 5;
const PATIENCE = 1_500;

// The log uses the SQLite of Node, or libsql.
const builtin = process.getBuiltinModule("node:sqlite") as typeof sqlite | undefined;
const Database = builtin?.DatabaseSync ?? (createRequire(import.meta.url)("libsql") as typeof sqlite.DatabaseSync);

/** The real SQLite log in a file of its own. Every process opens the file, and the application opens it, too. */
export class SqliteStore implements Copies, Store {
  readonly patience = PATIENCE + IDLE + CHECK;
  readonly cluster = null;
  readonly copies = this;
  readonly #options: SqliteStoreOptions;
  readonly #folder: string;
  /** Checks of the file that wait for a commit. */
  readonly #checks = new Set<() => void>();

  constructor(options: SqliteStoreOptions) {
    this.#options = options;
    this.#folder = mkdtempSync(join(options.folder, "log-"));
  }

  open(clock: Clock): EventLog {
    const { kept, keptBytes: bytes, age, now, random } = this.#options;
    const log = sqliteLog(this.#path, {
      keep: { entries: kept, bytes, age },
      patience: PATIENCE,
      clock: this.#lazy(clock),
      now,
      random,
    });
    log.watch(() => this.#onCommit());
    return log;
  }

  connect(): Handle {
    const handle = new Database(this.#path);
    return {
      prepare: (sql) => handle.prepare(sql),
      exec: (sql) => {
        handle.exec(sql);
        this.#onCommit();
      },
      close: () => {
        handle.close();
        this.#onCommit();
      },
    };
  }

  make(): void {
    rmSync(this.#copy, { force: true });
    this.#on(this.#path, (file) => void file.prepare("vacuum into ?").run(this.#copy));
  }

  putBack(): Cursor | null {
    if (!existsSync(this.#copy)) return null;
    const end = this.#on(this.#copy, positionOf);
    renameSync(this.#copy, this.#path);
    for (const beside of ["-wal", "-shm"]) rmSync(`${this.#path}${beside}`, { force: true });
    startEpoch(this.#path, { random: this.#options.random });
    // To put the former copy back a second time would bring back entries that have been lost.
    this.make();
    return end;
  }

  end(): void {
    rmSync(this.#folder, { recursive: true });
  }

  get #path(): string {
    return join(this.#folder, "log.db");
  }

  get #copy(): string {
    return join(this.#folder, "copy.db");
  }

  #on<Result>(path: string, work: (file: sqlite.DatabaseSync) => Result): Result {
    const file = new Database(path);
    try {
      return work(file);
    } finally {
      file.close();
    }
  }

  /** The lock of a writer may be free, or the file may have changed. */
  #onCommit(): void {
    for (const check of [...this.#checks]) check();
  }

  /** A clock whose shortest pauses last until the next commit. Otherwise a schedule would consist mostly of these. */
  #lazy(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      defer: (task) => clock.defer(task),
      setTimeout: (task, milliseconds) => {
        if (milliseconds > CHECK) return clock.setTimeout(task, milliseconds);
        const due = clock.monotonic() + milliseconds;
        const run = (): void => {
          this.#checks.delete(check);
          task();
        };
        let cancel = clock.setTimeout(run, IDLE);
        const check = (): void => {
          this.#checks.delete(check);
          cancel();
          cancel = clock.setTimeout(run, due - clock.monotonic());
        };
        this.#checks.add(check);
        return () => {
          this.#checks.delete(check);
          cancel();
        };
      },
    };
  }
}
