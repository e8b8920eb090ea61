// The tests of the server cannot depend on @tidings/testing, which depends on the server. They import its clock as a
// file.
import { VirtualClock } from "../../testing/src/virtual-clock.ts";

/** Virtual time in which a test can run one turn of the event loop at a time. */
export class SteppedClock extends VirtualClock {
  readonly #deferred = new Set<() => void>();

  constructor() {
    super();
    const { defer } = this;
    this.defer = (task) => {
      const runOnce = (): void => {
        if (this.#deferred.delete(runOnce)) task();
      };
      this.#deferred.add(runOnce);
      defer(runOnce);
    };
  }

  /** Runs what is deferred to this turn of the event loop, and what follows from it without waiting. */
  async turn(): Promise<void> {
    for (const task of [...this.#deferred]) task();
    await new Promise<void>((resolve) => void setImmediate(resolve));
  }
}
