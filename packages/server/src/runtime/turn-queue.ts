import type { Clock } from "@tidings/protocol/clock";
import { TurnBudget } from "./turn-budget.ts";

/**
 * Small tasks about many streams or answers. They run in the order in which they were added, as many in a turn of the
 * event loop as there is time for.
 */
export class TurnQueue {
  readonly #budget: TurnBudget;
  readonly #waiting: (() => void)[] = [];
  /** Null while nothing waits. */
  #running: Promise<void> | null = null;

  constructor(clock: Pick<Clock, "now" | "defer">) {
    this.#budget = new TurnBudget(clock);
  }

  /** Runs a task at once if there is time left and nothing waits, otherwise when its turn comes. It must not throw. */
  add(task: () => void): void {
    if (this.#running === null && this.#budget.isFree) return task();
    this.#waiting.push(task);
    this.#running ??= this.#run();
  }

  /** Does the same with each item, in between what was added. */
  async each<Item>(items: Iterable<Item>, task: (item: Item) => void): Promise<void> {
    for (const item of items) {
      if (!this.#budget.isFree) await this.#budget.available();
      task(item);
    }
  }

  /** Resolves when everything that was added has run. */
  async rest(): Promise<void> {
    while (this.#running !== null) await this.#running;
  }

  async #run(): Promise<void> {
    // A loop over an array also takes what is added meanwhile.
    await this.each(this.#waiting, (task) => task());
    this.#waiting.length = 0;
    this.#running = null;
  }
}
