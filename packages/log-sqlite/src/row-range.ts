/** A row that the ranges are ordered by. */
interface SequencedRow {
  readonly seq: number;
}

/** Rows along one index. */
export interface RowRange<Row extends SequencedRow> {
  /** The `seq` of the first row. */
  readonly first: number;
  /** Fetches at most `count` rows from a `seq` on, that one included, in the direction of the merge. */
  fetch(from: number, count: number): readonly Row[];
}

/**
 * How many rows are fetched at a time. The first fetches get about `FIRST_ROWS` together, but no range less than
 * `MIN_ROWS`: a limit of bytes fills a page as often as a limit of entries. Then the number doubles up to `MAX_ROWS`.
 */
const MIN_ROWS = 4;
const FIRST_ROWS = 32;
const MAX_ROWS = 512;

/**
 * The position in one range. Rows are fetched when they are needed, so merging a hundred channels reads little more
 * than what fills the page.
 */
class RangePosition<Row extends SequencedRow> {
  readonly #range: RowRange<Row>;
  readonly #direction: 1 | -1;
  #rows: readonly Row[] = [];
  #index = 0;
  #count: number;
  /** The `seq` of the next row, or a position before it while that row is not fetched; null at the end. */
  seq: number | null;

  constructor(range: RowRange<Row>, count: number, direction: 1 | -1) {
    this.#range = range;
    this.#direction = direction;
    this.#count = count;
    this.seq = range.first;
  }

  /** The next row, if it is fetched. */
  get row(): Row | undefined {
    return this.#rows[this.#index];
  }

  fetch(): void {
    if (this.seq === null) return;
    this.#rows = this.#range.fetch(this.seq, this.#count);
    this.#index = 0;
    this.seq = this.row?.seq ?? null;
  }

  move(): void {
    if (this.seq === null) return;
    const wasFull = this.#rows.length === this.#count;
    this.#index++;
    if (this.row !== undefined) {
      this.seq = this.row.seq;
      return;
    }
    this.seq = wasFull ? this.seq + this.#direction : null;
    this.#count = Math.min(2 * this.#count, MAX_ROWS);
  }
}

/**
 * Merges ranges into one sequence of rows. Finding the next row costs a look at every range, which is less than the
 * cost of fetching the row.
 *
 * @param direction 1 for ascending `seq`, -1 for descending; the ranges have to fetch in the same direction
 */
export function* mergeRows<Row extends SequencedRow>(
  ranges: readonly RowRange<Row>[],
  direction: 1 | -1 = 1,
): Generator<Row, void> {
  const count = Math.max(MIN_ROWS, Math.ceil(FIRST_ROWS / Math.max(1, ranges.length)));
  const positions = ranges.map((range) => new RangePosition(range, count, direction));
  for (;;) {
    const next = findNext(positions, direction);
    if (next === undefined) return;
    const { row } = next;
    if (row === undefined) {
      next.fetch();
      continue;
    }
    yield row;
    next.move();
  }
}

function findNext<Row extends SequencedRow>(
  positions: readonly RangePosition<Row>[],
  direction: 1 | -1,
): RangePosition<Row> | undefined {
  let next: RangePosition<Row> | undefined;
  let smallest = Infinity;
  for (const position of positions) {
    if (position.seq === null || position.seq * direction >= smallest) continue;
    next = position;
    smallest = position.seq * direction;
  }
  return next;
}
