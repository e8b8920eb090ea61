import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { covers, formatCursor, parseCursor, type Cursor } from "@tidings/protocol";
import { lookAt } from "./file-stats.ts";

// The newest head that the log has shown to anybody, in a file of its own beside the database. SQLite opens a damaged
// -wal file without an error, and takes it up to the first damage. Nothing else says then that there was more.

/** The longest token of a cursor. Every write has this length, so it replaces all of the last one. */
const LENGTH = 57;
/** Creates the file, and leaves what is in it. */
const TO_WRITE = constants.O_WRONLY | constants.O_CREAT;

const pathOf = (database: string): string => `${database}-head`;

/** The newest head that any process has shown; null if nothing says it. @param database the database's own file */
export function readShownHead(database: string): Cursor | null {
  try {
    return parseCursor(readFileSync(pathOf(database), "latin1").trim());
  } catch {
    // It is missing where the file was copied alone. The log then relies on what the file itself says.
    return null;
  }
}

/**
 * Notes the head after each commit, before anybody hears of it. A process that is killed loses nothing of it: the
 * kernel has what was written. It is not synced, since another boot ends the epoch anyway.
 *
 * Several processes write the same file. One of them may write an older head over the newer one of another. Then the
 * poll of the file shows it the newer one within milliseconds, and it notes that.
 */
export class ShownHead {
  readonly #path: string;
  #file: number | null = null;
  /** Of the file that is open. */
  #identity: string | null = null;
  /** What this process has noted last. */
  #noted: Cursor | null = null;

  /** @param database the database's own file */
  constructor(database: string) {
    this.#path = pathOf(database);
  }

  /** Also writes the file again if somebody has deleted, emptied or replaced it. That look costs some microseconds. */
  note(head: Cursor): void {
    const isThere = this.#isThere();
    const isCovered = covers(this.#noted, head);
    if (isCovered && isThere) return;
    const newest = isCovered ? this.#noted : head;
    try {
      if (!isThere) this.#open();
      this.#write(newest ?? head);
    } catch {
      // The disk is full or read-only. The entries are stored, so their publisher may not hear of a failure.
    }
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  #isThere(): boolean {
    if (this.#file === null) return false;
    const { identity, size } = lookAt(this.#path);
    return identity === this.#identity && size === LENGTH;
  }

  #open(): void {
    this.close();
    this.#file = openSync(this.#path, TO_WRITE);
    this.#identity = lookAt(this.#path).identity;
    // What is longer is no position, and would stay behind it.
    ftruncateSync(this.#file, LENGTH);
  }

  #write(head: Cursor): void {
    if (this.#file === null) return;
    writeSync(this.#file, formatCursor(head).padEnd(LENGTH), 0, "latin1");
    this.#noted = head;
  }
}
