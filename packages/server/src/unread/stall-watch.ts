import type { Clock } from "@tidings/protocol/clock";

/** Milliseconds between two looks: as long as a reader may take nothing while others wait for its room. */
export const STALL_TIME_WHEN_WANTED = 1_000;

interface StallWatchNeeds {
  readonly clock: Pick<Clock, "setTimeout">;
  /** Whether there is nothing to look at. */
  readonly isIdle: () => boolean;
  readonly look: () => void;
}

/** Looks once a second for as long as there is something to look at. */
export class StallWatch {
  readonly #needs: StallWatchNeeds;
  #cancel: (() => void) | null = null;

  constructor(needs: StallWatchNeeds) {
    this.#needs = needs;
  }

  /** Does nothing while it runs. */
  start(): void {
    const { clock, isIdle, look } = this.#needs;
    if (this.#cancel !== null || isIdle()) return;
    const lookAndGoOn = (): void => {
      this.#cancel = null;
      look();
      this.start();
    };
    this.#cancel = clock.setTimeout(lookAndGoOn, STALL_TIME_WHEN_WANTED, true);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }
}
