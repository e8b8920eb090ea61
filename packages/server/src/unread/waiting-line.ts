/**
 * Those who wait for something. The newest is the first to get it: a crowd of requests whose answers nobody reads must
 * not delay everybody who comes later. Every step costs the same, however many wait.
 */
export class WaitingLine<Waiter extends object> {
  readonly #waiting = new Set<Waiter>();
  /** In the order of arrival. Some of them may have left. */
  #arrived: Waiter[] = [];

  get size(): number {
    return this.#waiting.size;
  }

  get newest(): Waiter | undefined {
    let last = this.#arrived.at(-1);
    while (last !== undefined && !this.#waiting.has(last)) {
      this.#arrived.pop();
      last = this.#arrived.at(-1);
    }
    return last;
  }

  /** @param waiter who has never been in this line */
  add(waiter: Waiter): void {
    this.#waiting.add(waiter);
    this.#arrived.push(waiter);
  }

  delete(waiter: Waiter): void {
    this.#waiting.delete(waiter);
    // Not each time: it costs a walk over all of them.
    if (this.#arrived.length > 2 * this.#waiting.size + 16) this.#arrived = [...this.#waiting];
  }
}
