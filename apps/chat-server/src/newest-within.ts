/**
 * Returns the newest items that have at most as many bytes as this together, as JSON. One that does not fit ends the
 * search: nothing older than it is returned.
 * @param items oldest first; so is the result
 */
export function newestWithin<Item>(items: readonly Item[], bytes: number): Item[] {
  let remaining = bytes;
  const lastTooMany = items.findLastIndex((item) => {
    remaining -= Buffer.byteLength(JSON.stringify(item));
    return remaining < 0;
  });
  return items.slice(lastTooMany + 1);
}
