import type { EntryRow } from "./entry-row.ts";

/** How much is kept: the rows that a burst of one turn has, and no more characters of data than a page has bytes. */
const MOST_ROWS = 1_000;
const MOST_CHARACTERS = 1 << 20;

/**
 * The newest rows of the table, which this handle has inserted itself: a reader that follows the log need not read back
 * from the file what this process has just written. They are all rows after the position of the first one, as long as
 * nothing else is written.
 */
export class NewestEntries {
  #rows: EntryRow[] = [];
  #characters = 0;

  /** A commit has inserted these, and has changed nothing else. */
  append(rows: readonly EntryRow[]): void {
    for (const row of rows) {
      // Another handle has used the positions between them.
      if (this.#rows.length > 0 && row.seq !== this.#last + 1) this.forget();
      this.#rows.push(row);
      this.#characters += charactersOf(row);
    }
    this.#dropOldest();
  }

  /** Something else was written, or may have been. */
  forget(): void {
    this.#rows = [];
    this.#characters = 0;
  }

  /** All rows after a position; null if they are not known. Null at the head, too, where a read costs little. */
  after(seq: number): readonly EntryRow[] | null {
    const first = this.#rows[0]?.seq ?? Infinity;
    return seq >= first - 1 && seq < this.#last ? this.#rows.slice(seq + 1 - first) : null;
  }

  get #last(): number {
    return this.#rows.at(-1)?.seq ?? 0;
  }

  /** Drops half of what may be kept at a time, so that moving the rest costs little. */
  #dropOldest(): void {
    if (this.#rows.length <= MOST_ROWS && this.#characters <= MOST_CHARACTERS) return;
    let kept = this.#rows.length;
    let characters = 0;
    while (kept > 0 && this.#rows.length - kept < MOST_ROWS / 2 && characters <= MOST_CHARACTERS / 2) {
      kept--;
      characters += charactersOf(this.#rows[kept]);
    }
    this.#rows = this.#rows.slice(kept);
    this.#characters = characters;
  }
}

function charactersOf(row: EntryRow | undefined): number {
  return row?.data?.length ?? 0;
}
