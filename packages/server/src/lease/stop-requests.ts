import type { Cursor } from "@tidings/protocol";
import type { Clock } from "@tidings/protocol/clock";
import { sleep } from "../runtime/sleep.ts";
import { STOP_LIFETIME, type StopRequest } from "./lease-entry.ts";

interface StopRequestsNeeds {
  readonly clock: Pick<Clock, "monotonic" | "setTimeout">;
  /** Aborted when the hub closes. */
  readonly closing: AbortSignal;
}

/** A request to stop that stands in the log. */
export interface StandingStop {
  readonly request: StopRequest;
  readonly position: Cursor;
}

/**
 * The requests to stop that stand in the log, one for each path at most. Whoever takes a lease later looks here. Each
 * is forgotten when the log forgets it, so this is as much as was asked for within {@link STOP_LIFETIME}.
 */
export class StopRequests {
  readonly #needs: StopRequestsNeeds;
  /** The oldest one first: each is put at the end, and all have the same lifetime. */
  readonly #standing = new Map<string, StandingStop & { readonly until: number }>();
  /** The paths that have changed while the log is being read, since what is read may be older. */
  #changed: Set<string> | null = null;
  #isPlanned = false;

  constructor(needs: StopRequestsNeeds) {
    this.#needs = needs;
  }

  get size(): number {
    return this.#standing.size;
  }

  get(path: string): StandingStop | null {
    return this.#standing.get(path) ?? null;
  }

  /** Takes a request that comes after all others. */
  set(stop: StandingStop): void {
    const { path } = stop.request;
    this.#changed?.add(path);
    this.#standing.delete(path);
    this.#standing.set(path, { ...stop, until: this.#needs.clock.monotonic() + STOP_LIFETIME });
    this.#forgetLater();
  }

  delete(path: string): void {
    this.#changed?.add(path);
    this.#standing.delete(path);
  }

  /** Begins to read what stands in the log. Withdrawals may be among what this process has missed. */
  beginReading(): void {
    this.#changed = new Set();
    this.#standing.clear();
  }

  /** Takes a request that was read. @returns false if the log has said something newer meanwhile */
  setRead(stop: StandingStop): boolean {
    if (this.#changed?.has(stop.request.path) === true) return false;
    this.set(stop);
    return true;
  }

  endReading(): void {
    this.#changed = null;
  }

  #forgetLater(): void {
    const { clock, closing } = this.#needs;
    if (this.#isPlanned) return;
    const [oldest] = this.#standing.values();
    if (oldest === undefined) return;
    this.#isPlanned = true;
    const wait = Math.max(0, oldest.until - clock.monotonic());
    void sleep(clock, wait, closing).then((isTime) => (isTime ? this.#forget() : undefined));
  }

  #forget(): void {
    this.#isPlanned = false;
    for (const [path, { until }] of this.#standing) {
      if (until > this.#needs.clock.monotonic()) break;
      this.#standing.delete(path);
    }
    this.#forgetLater();
  }
}
