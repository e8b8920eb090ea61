import { expect } from "vitest";
import type { Cursor } from "@tidings/protocol";
import type { Entry, EventLog, Hole, Limit, Page } from "../event-log.ts";

/** A limit that no log of the laws reaches. */
export const WIDE: Limit = { entries: 100_000, bytes: 1 << 28 };

/** More pages than any law needs. A reader that gets so many is stuck. */
const MAX_PAGES = 5_000;

/** The position before the first entry. */
export async function startOf(log: EventLog): Promise<Cursor> {
  const { epoch } = await log.head();
  return { epoch, seq: 0 };
}

/** All pages of a read. */
export interface Reading {
  /** The entries of all pages. */
  readonly entries: readonly Entry[];
  readonly pages: readonly Page[];
  /** The holes of all pages. */
  readonly holes: readonly Hole[];
  /** The `next` of the last page. */
  readonly next: Cursor;
}

/** Reads page after page until there is no more. */
export async function readToEnd(
  log: EventLog,
  after: Cursor,
  channels: readonly string[] | null,
  limit: Limit = WIDE,
): Promise<Reading> {
  return pageThrough(after, (position) => log.read(position, channels, limit));
}

/** Reads all current values, page by page. */
export async function currentToEnd(log: EventLog, channels: readonly string[], limit: Limit = WIDE): Promise<Reading> {
  return pageThrough(await startOf(log), ({ epoch, seq }) =>
    log.current(channels, seq === 0 ? null : { epoch, seq }, limit),
  );
}

async function pageThrough(after: Cursor, readPage: (position: Cursor) => Promise<Page>): Promise<Reading> {
  const pages: Page[] = [];
  let next = after;
  let more = true;
  while (more) {
    const page = await readPage(next);
    pages.push(page);
    if (page.more) expect(page.next.seq, "a page that is not the last must move on").toBeGreaterThan(next.seq);
    expect(pages.length, "paging must end").toBeLessThan(MAX_PAGES);
    next = page.next;
    more = page.more;
  }
  return { entries: pages.flatMap(({ entries }) => entries), pages, holes: pages.flatMap(({ holes }) => holes), next };
}

/** The data of the entries. The laws use it to identify them. */
export function dataOf({ entries }: Pick<Page, "entries">): (string | null)[] {
  return entries.map(({ data }) => data);
}

/** The `seq` of each position. */
export function seqsOf(positions: readonly Pick<Cursor, "seq">[]): number[] {
  return positions.map(({ seq }) => seq);
}
