/** Lets tests wait until something that changes is in a certain state, without polling. */
export class Changes {
  readonly #waiting = new Set<() => void>();

  /** Says that something has changed: all who wait look again. */
  announce(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const lookAgain of waiting) lookAgain();
  }

  /** Resolves when the condition is true. It is checked now and after each announcement. */
  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }
}
