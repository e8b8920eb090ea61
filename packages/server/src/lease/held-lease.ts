import type { EventLog, NewEntry, Page } from "@tidings/log";
import { parseCursor, type Cursor } from "@tidings/protocol";
import { answered } from "../publish/answered.ts";
import type { Published } from "../publish/publication.ts";
import { PublishError } from "../publish/publish-error.ts";
import { READ_TIME } from "../runtime/limits.ts";
import { withTimeLimit } from "../runtime/time-limit.ts";
import { appendSurely, isCertain, type AppendNeeds } from "./append-surely.ts";
import { LEASE_CHANNEL, leaseEntry, leaseWithdrawals, parseLease, type Lease } from "./lease-entry.ts";
import { LeaseError } from "./lease-error.ts";

export interface HeldLeaseNeeds extends AppendNeeds {
  readonly log: Pick<EventLog, "read">;
}

/** What one read of the leases returns at most. */
const PAGE = { entries: 1_000, bytes: 1_000_000 };

/**
 * A lease that this process has taken. Each batch of events contains a renewal of the lease that expects the one
 * before. So the log itself refuses the events of a writer that has lost its lease, whatever the clocks say. One call
 * at a time.
 */
export class HeldLease {
  readonly #needs: HeldLeaseNeeds;
  readonly #lease: Lease;
  /** Where the newest value of the lease stands. */
  #position: Cursor;
  #renewals = 0;
  /** When the log has last answered that the lease is held. */
  #heldAt: number;

  /**
   * Takes the lease of an address.
   * @throws LeaseError `taken` @throws AppendError as `publish` does
   */
  static async take(needs: HeldLeaseNeeds, lease: Lease): Promise<HeldLease> {
    // With a key, another attempt is answered as the first one.
    const entry = { ...leaseEntry(lease, null), idempotencyKey: lease.writer };
    try {
      const [taken] = await appendSurely(needs, [entry], { patience: lease.ttl, findStored: async () => null });
      return new HeldLease(needs, lease, positionOf(taken));
    } catch (error) {
      if (!(error instanceof PublishError)) throw error;
      const wrong = `Expected nobody to write to ${lease.path}, got another writer that has its lease`;
      const advice = "stop it with hub.stop, or try again when it has ended";
      throw new LeaseError("taken", `${wrong}; ${advice}.`, { cause: error });
    }
  }

  private constructor(needs: HeldLeaseNeeds, lease: Lease, position: Cursor) {
    this.#needs = needs;
    this.#lease = lease;
    this.#position = position;
    this.#heldAt = needs.clock.monotonic();
  }

  get position(): Cursor {
    return this.#position;
  }

  /**
   * Renews the lease, and appends events with it, or nothing at all.
   * @throws LeaseError `lost` @throws AppendError `none` when nothing is stored; the lease still stands
   */
  async renew(events: readonly NewEntry[]): Promise<readonly Published[]> {
    const renewals = ++this.#renewals;
    const batch = [leaseEntry({ ...this.#lease, renewals }, this.#position), ...events];
    const [renewed, ...published] = await this.#append(batch, (position) =>
      this.#findStored(position, renewals, batch),
    );
    this.#position = positionOf(renewed);
    this.#heldAt = this.#needs.clock.monotonic();
    return published;
  }

  /** Appends the last events, and gives the lease up with them. @throws as {@link renew} does */
  async finish(events: readonly NewEntry[]): Promise<readonly Published[]> {
    const { path, writer } = this.#lease;
    // A withdrawal says nothing of who has made it. With keys, another attempt is answered as the first one.
    const withdrawals = leaseWithdrawals(path, this.#position);
    const batch = [...withdrawals, ...events].map((entry, index) => {
      return { ...entry, idempotencyKey: `${writer}.${index}` };
    });
    return (await this.#append(batch, async () => null)).slice(withdrawals.length);
  }

  async #append(
    batch: readonly NewEntry[],
    findStored: (position: Cursor) => Promise<readonly Published[] | null>,
  ): Promise<readonly Published[]> {
    const { clock } = this.#needs;
    const patience = this.#heldAt + this.#lease.ttl - clock.monotonic();
    try {
      return await appendSurely(this.#needs, batch, { patience, findStored: () => findStored(this.#position) });
    } catch (error) {
      const isLate = clock.monotonic() >= this.#heldAt + this.#lease.ttl;
      if (isCertain(error) && !(error instanceof PublishError) && !isLate) throw error;
      throw lost(this.#lease, error);
    }
  }

  /**
   * Whether the log has a batch after all. All entries of a batch are next to each other. So the positions of all of
   * them follow from where the lease stands.
   */
  async #findStored(
    before: Cursor,
    renewals: number,
    batch: readonly NewEntry[],
  ): Promise<readonly Published[] | null> {
    const { log, clock } = this.#needs;
    const { path, writer } = this.#lease;
    let after = before;
    for (let more = true; more;) {
      const from = after;
      const page: Page = await withTimeLimit(clock, READ_TIME, (signal) =>
        log.read(from, [LEASE_CHANNEL], PAGE, signal),
      );
      for (const entry of page.entries) {
        const lease = entry.key === path ? parseLease(entry) : null;
        if (lease?.writer !== writer || lease.renewals !== renewals) continue;
        return batch.map((_each, index) => ({ id: `${entry.epoch}.${entry.seq + index}`, duplicate: false }));
      }
      ({ next: after, more } = page);
    }
    return null;
  }
}

function positionOf(published: Published | undefined): Cursor {
  // Safe: the publisher has made the id of a cursor.
  return parseCursor(answered(published).id) as Cursor;
}

function lost({ path }: Lease, cause: unknown): LeaseError {
  const isRefused = cause instanceof PublishError;
  const got =
    isRefused && cause.code === "ended"
      ? "an address that has ended"
      : isRefused
        ? "a lease that was taken from this writer, since it was silent for too long"
        : "no certain answer of the log for as long as the lease holds. The last events may be stored";
  return new LeaseError("lost", `Expected the lease of ${path}, got ${got}; publish nothing more.`, { cause });
}
