import { FORGOTTEN_AFTER, hereKey, type Here } from "@tidings/contract/presence";
import { PublishError } from "../publish/publish-error.ts";
import { FollowedValues } from "./followed-values.ts";
import type { Place, PlaceNeeds } from "./place.ts";
import { Repairs } from "./repairs.ts";
import { Visitors } from "./visitors.ts";

/** A viewer whose value this server has published. */
interface Shown {
  readonly since: number;
  /** When the value was published, on the clock that never goes back. */
  readonly publishedAt: number;
}

/** An address that says who is there: what this server says about it, and what the log has. */
export class People implements Place {
  readonly #needs: PlaceNeeds;
  readonly #visitors: Visitors;
  readonly #values: FollowedValues;
  readonly #repairs: Repairs;
  readonly #shown = new Map<string, Shown>();
  /** Those for whom there was no room, in the order of their arrival. */
  readonly #hidden = new Set<string>();

  constructor(needs: PlaceNeeds) {
    const { hub, channel, address, clock, grace, report } = needs;
    this.#needs = needs;
    this.#visitors = new Visitors({ clock, grace, onGone: (viewer) => this.#hide(viewer) });
    this.#values = new FollowedValues({ hub, channel, address, report, onFewer: () => this.#noteLess() });
    this.#repairs = new Repairs(report);
  }

  get isVacant(): boolean {
    if (this.#visitors.size > 0) return false;
    const { server } = this.#needs.lease();
    // Safe: the contract has decoded the values with this schema.
    return [...this.#values.of("here").values()].every(({ data }) => (data as Here).server !== server);
  }

  get isEmpty(): boolean {
    return this.isVacant && this.#repairs.isClean;
  }

  enter(viewer: string): void {
    const isNew = this.#visitors.enter(viewer);
    if (!isNew) return;
    this.#hidden.add(viewer);
    this.#showNext();
  }

  leave(viewer: string): void {
    this.#visitors.leave(viewer);
  }

  lookAgain(): void {
    this.#repairs.lookAgain();
  }

  publishAll(): void {
    for (const [viewer, { since }] of this.#shown) this.#show(viewer, since);
  }

  async keep(): Promise<void> {
    for (const [viewer, { since, publishedAt }] of this.#shown) {
      const earliest = this.#earliest(viewer, since);
      const isOld = this.#needs.clock.monotonic() - publishedAt >= FORGOTTEN_AFTER / 2;
      if (earliest < since || isOld) this.#show(viewer, earliest);
      if (isOld) this.#publishStateAgain(viewer).catch(this.#needs.report);
    }
    await this.#repairs.meet(this.#faults());
  }

  /** What was published of them holds until the lease ends. */
  async handOver(): Promise<void> {}

  close(): void {
    this.#visitors.close();
    this.#values.close();
  }

  /** Shows who waits for that, while there is room. */
  #showNext(): void {
    for (const viewer of this.#hidden) {
      if (this.#shown.size >= this.#needs.mostPeople) return;
      this.#hidden.delete(viewer);
      this.#show(viewer, this.#earliest(viewer, this.#needs.clock.now()));
    }
  }

  #show(viewer: string, since: number): void {
    this.#shown.set(viewer, { since, publishedAt: this.#needs.clock.monotonic() });
    this.#publish(viewer).catch(this.#needs.report);
  }

  async #publish(viewer: string): Promise<void> {
    const { hub, address, lease } = this.#needs;
    const shown = this.#shown.get(viewer);
    // The viewer may have left before a repair.
    if (shown === undefined) return;
    await hub.publish(address, "here", { viewer, server: lease().server, since: shown.since });
  }

  /** A visitor or a value is gone. */
  #noteLess(): void {
    if (this.#visitors.size === 0) this.#needs.onMaybeVacant();
  }

  #hide(viewer: string): void {
    this.#noteLess();
    this.#hidden.delete(viewer);
    const wasShown = this.#shown.delete(viewer);
    if (!wasShown) return;
    this.#withdraw(viewer).catch(this.#needs.report);
    this.#showNext();
  }

  /** Withdraws the value of this server, and with the last one of the viewer the state. */
  async #withdraw(viewer: string): Promise<void> {
    const { hub, address, lease } = this.#needs;
    const isLast = this.#elsewhere(viewer).length === 0;
    await hub.clear(address, "here", hereKey({ server: lease().server, viewer }));
    if (isLast && this.#values.of("state").has(viewer)) await hub.clear(address, "state", viewer);
  }

  /** Since when a viewer is there. After a deployment another server still says it. */
  #earliest(viewer: string, since: number): number {
    return Math.min(since, ...this.#elsewhere(viewer).map((here) => here.since));
  }

  /** What other servers that are alive say of a viewer. */
  #elsewhere(viewer: string): Here[] {
    const heres = this.#values.of("here");
    // Safe: the contract has decoded the values with this schema.
    return this.#needs
      .lease()
      .otherServers()
      .flatMap((server) => {
        const found = heres.get(hereKey({ server, viewer }));
        return found === undefined ? [] : [found.data as Here];
      });
  }

  /** A state is forgotten after a day, too. */
  async #publishStateAgain(viewer: string): Promise<void> {
    const { hub, address } = this.#needs;
    const state = this.#values.of("state").get(viewer);
    if (state === undefined) return;
    try {
      await hub.publish(address, "state", state.data, { expects: state.id });
    } catch (error) {
      // A newer state has come meanwhile.
      if (!(error instanceof PublishError)) throw error;
    }
  }

  #faults(): Map<string, () => Promise<unknown>> {
    const { hub, address, lease } = this.#needs;
    const { server } = lease();
    const heres = this.#values.of("here");
    const faults = new Map<string, () => Promise<unknown>>();
    const withValue = new Set<string>();
    for (const [key, { data }] of heres) {
      // Safe: the contract has decoded the values with this schema.
      const here = data as Here;
      withValue.add(here.viewer);
      const isRight = here.server === server ? this.#shown.has(here.viewer) : lease().isAlive(here.server) !== false;
      if (!isRight) faults.set(`here ${key}`, () => hub.clear(address, "here", key));
    }
    for (const viewer of this.#shown.keys()) {
      const isMissing = !heres.has(hereKey({ server, viewer }));
      if (isMissing) faults.set(`missing ${viewer}`, () => this.#publish(viewer));
    }
    for (const viewer of this.#values.of("state").keys()) {
      if (!withValue.has(viewer)) faults.set(`state ${viewer}`, () => hub.clear(address, "state", viewer));
    }
    return faults;
  }
}
