import { byteLength, type Entry, type Page } from "@tidings/log";

/** What an event has on a page beside its channel, type and data, in bytes: names, marks, and its id. */
const MEMBER_BYTES = 80;

/** About how many bytes an event is on a page. A log counts data only, but a key of a withdrawal may be much longer. */
export function eventBytes({ channel, type, data, key = "" }: Entry): number {
  return MEMBER_BYTES + byteLength(channel) + byteLength(type) + byteLength(data ?? JSON.stringify(key));
}

/** A page of the log up to its last entry that fits, when all are made JSON. One always fits. */
export function pageThatFits(page: Page, bytes: number): Page {
  let size = 0;
  const tooMuch = page.entries.findIndex((entry, index) => {
    size += eventBytes(entry);
    return size > bytes && index > 0;
  });
  const last = page.entries[tooMuch - 1];
  if (last === undefined) return page;
  const { epoch, seq } = last;
  // All holes, as each page of a log has them: one that ends later may begin before an entry of this page.
  return { ...page, entries: page.entries.slice(0, tooMuch), next: { epoch, seq }, more: true };
}
