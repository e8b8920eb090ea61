import type { Clock } from "@tidings/server";
import type { VirtualClock } from "@tidings/testing";

/**
 * What can be suspended, and goes on later: a process that got SIGSTOP, a page that the browser has frozen. Whatever
 * enters it comes through `run`: timers, messages, answers.
 */
export class Suspendable {
  #isSuspended = false;
  #isEnded = false;
  #held: (() => void)[] = [];

  get isSuspended(): boolean {
    return this.#isSuspended;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  suspend(): void {
    this.#isSuspended = true;
  }

  /** Everything that was held back happens now. */
  resume(): void {
    this.#isSuspended = false;
    for (const task of this.#held.splice(0)) this.run(task);
  }

  /** Nothing enters it any more. */
  end(): void {
    this.#isEnded = true;
    this.#held = [];
  }

  /** Does something now, or when it goes on. */
  run(task: () => void): void {
    if (this.#isEnded) return;
    if (this.#isSuspended) this.#held.push(task);
    else task();
  }

  /** Resolves when it runs. */
  running(): Promise<void> {
    return new Promise((resolve) => this.run(resolve));
  }

  /** The clock of the process or the page. A timer that is cancelled while it is held back does nothing. */
  clockOn(clock: VirtualClock): Clock {
    return {
      now: clock.now,
      monotonic: clock.monotonic,
      setTimeout: (task, milliseconds) => {
        let isCancelled = false;
        const cancel = clock.setTimeout(() => this.run(() => (isCancelled ? undefined : task())), milliseconds);
        return () => {
          isCancelled = true;
          cancel();
        };
      },
      defer: (task) => clock.defer(() => this.run(task)),
    };
  }
}
