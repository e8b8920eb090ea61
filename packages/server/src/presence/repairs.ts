import type { Report } from "./presence-hub.ts";

/** By a name for each difference between what the log should have and what it has: what removes the difference. */
export type Faults = ReadonlyMap<string, () => Promise<unknown>>;

/**
 * Repairs what is still wrong one renewal later. The first time, an answer of the log may be on its way, or another
 * server may be repairing it.
 */
export class Repairs {
  readonly #report: Report;
  #seen: Faults = new Map();
  #isBusy = false;

  constructor(report: Report) {
    this.#report = report;
  }

  /** Whether nothing was wrong the last time. */
  get isClean(): boolean {
    return this.#seen.size === 0;
  }

  async meet(faults: Faults): Promise<void> {
    const lasting = [...faults].filter(([name]) => this.#seen.has(name));
    this.#seen = faults;
    if (this.#isBusy) return;
    this.#isBusy = true;
    // One after the other: somebody may wait to publish something else.
    for (const [, repair] of lasting) await repair().catch(this.#report);
    this.#isBusy = false;
  }
}
