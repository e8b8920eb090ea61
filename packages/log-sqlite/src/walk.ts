/** What a walk goes along. */
interface Place {
  readonly seq: number;
}

export interface Source<Row extends Place> {
  /** The `seq` of the first row. */
  readonly first: number;
  /** At most so many rows from a `seq` on, that one included, in the direction of the walk. */
  fetch(from: number, most: number): readonly Row[];
}

/** How many rows a walk fetches first and at most at once: a page is filled by bytes as often as by entries. */
const FEWEST = 4;
const FIRST = 32;
const MOST = 512;

/** Rows along one index, fetched as they are needed: of a hundred channels little more is read than what fills the page. */
class Walk<Row extends Place> {
  readonly #source: Source<Row>;
  readonly #direction: 1 | -1;
  #rows: readonly Row[] = [];
  #index = 0;
  #most: number;
  /** Where it stands, or a place before that while its row is not there; null at the end. */
  seq: number | null;

  constructor(source: Source<Row>, most: number, direction: 1 | -1) {
    this.#source = source;
    this.#direction = direction;
    this.#most = most;
    this.seq = source.first;
  }

  /** The row it stands at, when it has been fetched. */
  get row(): Row | undefined {
    return this.#rows[this.#index];
  }

  fetch(): void {
    if (this.seq === null) return;
    this.#rows = this.#source.fetch(this.seq, this.#most);
    this.#index = 0;
    this.seq = this.row?.seq ?? null;
  }

  move(): void {
    if (this.seq === null) return;
    const isFull = this.#rows.length === this.#most;
    this.#index++;
    this.seq = this.row?.seq ?? (isFull ? this.seq + this.#direction : null);
    if (this.row === undefined) this.#most = Math.min(2 * this.#most, MOST);
  }
}

/** The rows of several sources in one order. The next one is looked for among all: O(sources) a row, which is less than to fetch it. */
export function* walk<Row extends Place>(sources: readonly Source<Row>[], direction: 1 | -1 = 1): Generator<Row, void> {
  const most = Math.max(FEWEST, Math.ceil(FIRST / Math.max(1, sources.length)));
  const walks = sources.map((source) => new Walk(source, most, direction));
  for (;;) {
    let next: Walk<Row> | undefined;
    let place = Infinity;
    for (const each of walks) {
      if (each.seq === null || each.seq * direction >= place) continue;
      next = each;
      place = each.seq * direction;
    }
    if (next === undefined) return;
    const { row } = next;
    if (row === undefined) next.fetch();
    else {
      yield row;
      next.move();
    }
  }
}
