import type { Clock } from "@tidings/protocol/clock";

interface VisitorsNeeds {
  readonly clock: Pick<Clock, "setTimeout">;
  /** For how many milliseconds a viewer without a stream is still there. */
  readonly grace: number;
  /** The last stream of a viewer has ended, and none has come back in time. */
  readonly onGone: (viewer: string) => void;
}

/** One viewer with a stream of an address at this server, or in the grace time after the last one. */
interface Visit {
  streams: number;
  cancelEnd: () => void;
}

/** Who has a stream of an address at this server. */
export class Visitors {
  readonly #needs: VisitorsNeeds;
  readonly #visits = new Map<string, Visit>();

  constructor(needs: VisitorsNeeds) {
    this.#needs = needs;
  }

  get size(): number {
    return this.#visits.size;
  }

  /** A stream has begun. Returns whether the viewer was not there. */
  enter(viewer: string): boolean {
    const visit = this.#visits.get(viewer);
    if (visit === undefined) {
      this.#visits.set(viewer, { streams: 1, cancelEnd() {} });
      return true;
    }
    visit.cancelEnd();
    visit.streams++;
    return false;
  }

  /** A stream has ended. */
  leave(viewer: string): void {
    const visit = this.#visits.get(viewer);
    // The stream began before presence did, or more streams end than have begun.
    if (visit === undefined || visit.streams === 0) return;
    visit.streams--;
    if (visit.streams > 0) return;
    const end = () => {
      this.#visits.delete(viewer);
      this.#needs.onGone(viewer);
    };
    // In the background: the process may end before.
    visit.cancelEnd = this.#needs.clock.setTimeout(end, this.#needs.grace, true);
  }

  close(): void {
    for (const { cancelEnd } of this.#visits.values()) cancelEnd();
    this.#visits.clear();
  }
}
