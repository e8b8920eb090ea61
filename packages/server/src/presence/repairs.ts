import type { Report } from "./presence-hub.ts";

/** By a name for each difference between what the log should have and what it has: what removes the difference. */
export type Faults = ReadonlyMap<string, () => Promise<unknown>>;

/** How often to look for what is new and may be wrong. The log may show it only after the first look. */
const LOOKS = 2;

/**
 * Repairs what is still wrong one renewal later. The first time, an answer of the log may be on its way, or another
 * server may be repairing it.
 */
export class Repairs {
  readonly #report: Report;
  #seen: Faults = new Map();
  #isBusy = false;
  #looksLeft = 0;

  constructor(report: Report) {
    this.#report = report;
  }

  /** Whether nothing was wrong at the last look, and no look is left to do. */
  get isClean(): boolean {
    return this.#seen.size === 0 && this.#looksLeft === 0;
  }

  /** Something was done that may be wrong. */
  lookAgain(): void {
    this.#looksLeft = LOOKS;
  }

  async meet(faults: Faults): Promise<void> {
    const lasting = [...faults].filter(([name]) => this.#seen.has(name));
    this.#seen = faults;
    this.#looksLeft = Math.max(0, this.#looksLeft - 1);
    if (this.#isBusy) return;
    this.#isBusy = true;
    // One after the other: somebody may wait to publish something else.
    for (const [, repair] of lasting) await repair().catch(this.#report);
    this.#isBusy = false;
  }
}
