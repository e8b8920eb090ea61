import type { Clock } from "@tidings/protocol/clock";

/** Milliseconds until a tab asks again. A message may be lost. */
const ASK_AGAIN = 3_000;

/** How long a tab waits for a feed. */
export class Patience {
  readonly #clock: Pick<Clock, "setTimeout">;
  readonly #limit: number;
  #cancelAsking = () => {};
  #cancelEnd: (() => void) | null = null;

  /** @param limit in milliseconds */
  constructor(clock: Pick<Clock, "setTimeout">, limit: number) {
    this.#clock = clock;
    this.#limit = limit;
  }

  /** The tab has asked. @param onEnd called when it has asked for too long, and in vain */
  begin(askAgain: () => void, onEnd: () => void): void {
    this.#cancelAsking();
    this.#cancelAsking = this.#clock.setTimeout(askAgain, ASK_AGAIN);
    this.#cancelEnd ??= this.#clock.setTimeout(onEnd, this.#limit);
  }

  /** It waits no more. */
  stop(): void {
    this.#cancelAsking();
    this.#cancelEnd?.();
    this.#cancelEnd = null;
  }
}
