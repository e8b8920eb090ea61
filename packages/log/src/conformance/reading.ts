import { expect } from "vitest";
import type { Cursor } from "@tidings/protocol";
import type { Entry, EventLog, Hole, Limit, Page } from "../event-log.ts";

/** A limit that no law's log reaches. */
export const WIDE: Limit = { entries: 100_000, bytes: 1 << 28 };

/** More pages than any law needs: whoever comes so far does not move on. */
const ENDLESS = 5_000;

/** The position before the first entry. */
export async function startOf(log: EventLog): Promise<Cursor> {
  const { epoch } = await log.head();
  return { epoch, seq: 0 };
}

export interface Reading {
  readonly entries: readonly Entry[];
  readonly pages: readonly Page[];
  /** Those of all pages. */
  readonly holes: readonly Hole[];
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

/** Pages through the current values. */
export async function currentToEnd(log: EventLog, channels: readonly string[], limit: Limit = WIDE): Promise<Reading> {
  return pageThrough(await startOf(log), ({ epoch, seq }) =>
    log.current(channels, seq === 0 ? null : { epoch, seq }, limit),
  );
}

async function pageThrough(after: Cursor, turn: (position: Cursor) => Promise<Page>): Promise<Reading> {
  const pages: Page[] = [];
  let next = after;
  for (let more = true; more;) {
    const page = await turn(next);
    pages.push(page);
    if (page.more) expect(page.next.seq, "a page that is not the last must move on").toBeGreaterThan(next.seq);
    expect(pages.length, "paging must come to an end").toBeLessThan(ENDLESS);
    ({ next, more } = page);
  }
  return { entries: pages.flatMap(({ entries }) => entries), pages, holes: pages.flatMap(({ holes }) => holes), next };
}

/** The data of the entries, which the laws use as names. */
export function dataOf({ entries }: Pick<Page, "entries">): (string | null)[] {
  return entries.map(({ data }) => data);
}

export function seqsOf(positions: readonly Pick<Cursor, "seq">[]): number[] {
  return positions.map(({ seq }) => seq);
}
