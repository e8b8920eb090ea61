import type { EventLog, Limit, Page } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import type { Clock } from "@tidings/protocol/clock";
import { sleep } from "../runtime/sleep.ts";
import { LogBatch, type Batch } from "../wire/batch.ts";

interface SharedPagesNeeds {
  readonly log: Pick<EventLog, "read">;
  readonly ring: { readonly head: Cursor };
  readonly clock: Clock;
  readonly closing: AbortSignal;
  /** What one read of the log may return. */
  readonly limit: Limit;
}

/** How long a page is kept at most, in milliseconds: for so long it may be older than the log. */
const KEPT_TIME = 1_000;
/** How many pages are kept. */
const MOST_PAGES = 64;

/** A page of the log for all readers of the same paths at the same position. */
export interface SharedPage {
  readonly page: Page;
  /** Its entries, for the readers who are owed all of them. */
  readonly batch: Batch;
}

/**
 * Reads pages of the log for readers who are behind the ring. After a restart, thousands of clients come back, and most
 * of them stand at one of a few positions: a reader that comes there later gets the page that was read for the first
 * one, as long as the ring has not moved.
 *
 * Only pages that are there are shared. A reader never waits for the read of another one, which may hang.
 */
export class SharedPages {
  readonly #needs: SharedPagesNeeds;
  /** By position and paths. */
  readonly #kept = new Map<string, SharedPage>();
  /** The ring's head when these pages were read. */
  #ringHead: Cursor | null = null;
  #isTimerSet = false;

  constructor(needs: SharedPagesNeeds) {
    this.#needs = needs;
  }

  /** The page after a position, if it was read already. */
  find(after: Cursor, paths: readonly string[]): SharedPage | null {
    if (this.#ringHead !== this.#needs.ring.head) return null;
    return this.#kept.get(nameOf(after, paths)) ?? null;
  }

  /** The page after a position: the one that was read already, or from the log. */
  async read(after: Cursor, paths: readonly string[], signal: AbortSignal): Promise<SharedPage> {
    const found = this.find(after, paths);
    if (found !== null) return found;
    const { log, ring, limit } = this.#needs;
    const ringHead = ring.head;
    const page = await log.read(after, paths, limit, signal);
    const shared = { page, batch: new LogBatch(page.entries) };
    if (ring.head === ringHead && isLasting(page)) this.#keep(nameOf(after, paths), shared, ringHead);
    return shared;
  }

  #keep(name: string, page: SharedPage, ringHead: Cursor): void {
    if (this.#ringHead !== ringHead || this.#kept.size >= MOST_PAGES) this.#kept.clear();
    this.#ringHead = ringHead;
    this.#kept.set(name, page);
    if (this.#isTimerSet) return;
    this.#isTimerSet = true;
    void this.#forgetLater();
  }

  async #forgetLater(): Promise<void> {
    await sleep(this.#needs.clock, KEPT_TIME, this.#needs.closing);
    this.#isTimerSet = false;
    this.#kept.clear();
  }
}

/** A path has no blank. */
function nameOf({ epoch, seq }: Cursor, paths: readonly string[]): string {
  return `${epoch}.${seq} ${paths.join(" ")}`;
}

/** Whether a page is the same a moment later. Volatile entries get too old, and the log decides about a hole. */
function isLasting({ entries, holes }: Page): boolean {
  return holes.length === 0 && entries.every(({ mode }) => mode !== "volatile");
}
