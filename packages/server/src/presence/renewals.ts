import type { Address, AnyChannel } from "@tidings/contract";
import type { Clock } from "@tidings/protocol/clock";
import { FollowedValues } from "./followed-values.ts";
import { ServerLease } from "./server-lease.ts";
import type { PresenceHub, Report } from "./presence-hub.ts";

/** Milliseconds between two renewals of a lease. */
const RENEWAL_INTERVAL = 8_000;
/** Milliseconds until the next attempt, after one that has failed. */
const RETRY_INTERVAL = 1_000;

interface RenewalsNeeds {
  readonly hub: PresenceHub;
  readonly channel: Pick<AnyChannel, "events">;
  /** The address of the servers. */
  readonly address: Address;
  readonly clock: Pick<Clock, "setTimeout">;
  readonly report: Report;
  /** Called after each renewal. Returns whether anybody is left. */
  readonly keepPlaces: () => boolean;
  /** The lease was lost: everything has to be published again, under the new id. */
  readonly publishAll: () => void;
  /** The hub has closed. */
  readonly onHubClosed: () => void;
}

/** Renews the lease of this server while anybody is there. */
export class Renewals {
  readonly #needs: RenewalsNeeds;
  readonly #values: FollowedValues;
  #lease: ServerLease;
  #cancelTimer = (): void => {};
  #isOver = false;

  constructor(needs: RenewalsNeeds) {
    this.#needs = needs;
    this.#values = new FollowedValues({ ...needs, onHubClosed: needs.onHubClosed });
    this.#lease = this.#newLease();
    void this.#renew();
  }

  get lease(): ServerLease {
    return this.#lease;
  }

  /** Renews the lease for the last time: others come back to another server within that time. */
  async renewLast(): Promise<void> {
    this.stop();
    await this.#lease.renew();
  }

  /** Renews nothing from now on. */
  stop(): void {
    this.#isOver = true;
    this.#cancelTimer();
    this.#values.close();
  }

  async #renew(): Promise<void> {
    const renewal = await this.#lease.renew();
    if (this.#isOver) return;
    if (renewal === "lost") return this.#beginAgain();
    const isAnybodyLeft = this.#needs.keepPlaces();
    if (!isAnybodyLeft) {
      this.stop();
      return this.#lease.end();
    }
    const wait = renewal === "renewed" ? RENEWAL_INTERVAL : RETRY_INTERVAL;
    // In the background: the process may end before.
    this.#cancelTimer = this.#needs.clock.setTimeout(() => void this.#renew(), wait, true);
  }

  /** Goes on under another id. Other servers withdraw what this one has said under the former one. */
  async #beginAgain(): Promise<void> {
    this.#lease = this.#newLease();
    const renewed = this.#renew();
    this.#needs.publishAll();
    await renewed;
  }

  #newLease(): ServerLease {
    const { hub, address } = this.#needs;
    const report: Report = (error) => {
      if (!this.#isOver) this.#needs.report(error);
    };
    return new ServerLease({ hub, address, values: this.#values, report });
  }
}
