import type { Entry } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import type { Clock } from "@tidings/protocol/clock";
import { isLease, parseLease, type Lease } from "./lease-entry.ts";

/** A lease that stands in the log. */
export interface StandingLease {
  readonly lease: Lease;
  readonly position: Cursor;
  /** When this process has seen it, on its own clock. */
  readonly seenAt: number;
}

/** All leases that stand in the log, as this process has seen them: one for each address at most. */
export class StandingLeases {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #byPath = new Map<string, StandingLease>();

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#byPath.size;
  }

  has(path: string): boolean {
    return this.#byPath.has(path);
  }

  /** Takes what the log says about a lease. @returns the lease, if it has another writer than the one before */
  take(entry: Entry): Lease | null {
    if (!isLease(entry)) return null;
    const { key: path = "", epoch, seq } = entry;
    const former = this.#byPath.get(path);
    // What was read from the log may be newer than what comes.
    if (former !== undefined && former.position.epoch === epoch && former.position.seq >= seq) return null;
    const lease = parseLease(entry);
    if (lease === null) {
      this.#byPath.delete(path);
      return null;
    }
    this.#byPath.set(path, { lease, position: { epoch, seq }, seenAt: this.#clock.monotonic() });
    return former?.lease.writer === lease.writer ? null : lease;
  }

  /** The leases that were not renewed for as long as they hold. */
  silent(): readonly StandingLease[] {
    const now = this.#clock.monotonic();
    return [...this.#byPath.values()].filter(({ lease, seenAt }) => now - seenAt >= lease.ttl);
  }

  /** Forgets a lease, unless it was renewed since. */
  forget({ lease, position }: StandingLease): void {
    if (this.#byPath.get(lease.path)?.position === position) this.#byPath.delete(lease.path);
  }
}
