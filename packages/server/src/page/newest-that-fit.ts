import type { Entry } from "@tidings/log";
import { eventBytes } from "./page-that-fits.ts";

/** The newest entries, `most` at most, with `bytes` at most on a page. One always fits. */
export function newestThatFit(entries: readonly Entry[], most: number, bytes: number): readonly Entry[] {
  let size = 0;
  const tooMuch = entries.findLastIndex((entry, index) => {
    size += eventBytes(entry);
    return size > bytes && index < entries.length - 1;
  });
  return entries.slice(Math.max(tooMuch + 1, entries.length - most));
}
