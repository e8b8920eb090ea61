/** Who is woken when entries were appended. */
export class Watchers {
  readonly #watchers = new Set<() => void>();

  /** @returns a function that ends this watch */
  add(wake: () => void): () => void {
    // Each call needs a function of its own: the same `wake` may watch twice, and one of the two watches may end.
    const watcher = (): void => wake();
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  wake(): void {
    for (const wake of this.#watchers) {
      try {
        wake();
      } catch {
        // The entries are appended in any case. A watcher that throws has lost a doorbell; its poll finds them.
      }
    }
  }

  clear(): void {
    this.#watchers.clear();
  }
}
