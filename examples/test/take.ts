/**
 * Takes the next items, and leaves the iterator open.
 *
 * @throws Error if it ends before
 */
export async function take<Item>(items: AsyncIterator<Item, unknown>, count: number): Promise<Item[]> {
  const taken: Item[] = [];
  while (taken.length < count) {
    const { done, value } = await items.next();
    if (done === true) throw new Error(`Expected ${count} items, got the end after ${taken.length}.`);
    taken.push(value);
  }
  return taken;
}
