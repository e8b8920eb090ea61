import { byteLength, type Entry } from "@tidings/log";

/** The newest entries, `most` at most, with `bytes` of data at most. One always fits. */
export function newestThatFit(entries: readonly Entry[], most: number, bytes: number): readonly Entry[] {
  let size = 0;
  const tooMuch = entries.findLastIndex(({ data }, index) => {
    size += byteLength(data ?? "");
    return size > bytes && index < entries.length - 1;
  });
  return entries.slice(Math.max(tooMuch + 1, entries.length - most));
}
