import { countOf, FORGOTTEN_AFTER, type Count as CountValue } from "@tidings/contract/presence";
import { FollowedValues } from "./followed-values.ts";
import type { Place, PlaceNeeds } from "./place.ts";
import { Repairs } from "./repairs.ts";
import { Visitors } from "./visitors.ts";

/** The least time between two numbers that a server publishes of an address, in milliseconds. */
const COUNT_INTERVAL = 1_000;

/** An address that says only how many are there. */
export class Count implements Place {
  readonly #needs: PlaceNeeds;
  readonly #visitors: Visitors;
  readonly #values: FollowedValues;
  readonly #repairs: Repairs;
  #published = 0;
  /** On the clock that never goes back. */
  #publishedAt = -Infinity;
  /** Null while no number waits to be published. */
  #cancelPublish: (() => void) | null = null;

  constructor(needs: PlaceNeeds) {
    const { hub, channel, address, clock, grace, report } = needs;
    this.#needs = needs;
    this.#visitors = new Visitors({ clock, grace, onGone: () => this.#publishSoon() });
    this.#values = new FollowedValues({ hub, channel, address, report, onFewer: () => this.#noteLess() });
    this.#repairs = new Repairs(report);
  }

  get isVacant(): boolean {
    const hasOwn = this.#values.of("count").has(this.#needs.lease().server);
    return this.#visitors.size === 0 && this.#cancelPublish === null && !hasOwn;
  }

  get isEmpty(): boolean {
    return this.isVacant && this.#repairs.isClean;
  }

  enter(viewer: string): void {
    const isNew = this.#visitors.enter(viewer);
    if (isNew) this.#publishSoon();
  }

  leave(viewer: string): void {
    this.#visitors.leave(viewer);
  }

  lookAgain(): void {
    this.#repairs.lookAgain();
  }

  publishAll(): void {
    this.#publish().catch(this.#needs.report);
  }

  async keep(): Promise<void> {
    if (this.#needs.clock.monotonic() - this.#publishedAt >= FORGOTTEN_AFTER / 2) this.publishAll();
    await this.#repairs.meet(this.#faults());
  }

  async handOver(): Promise<void> {
    const { hub, address, lease } = this.#needs;
    if (this.#visitors.size === 0) return;
    const { server } = lease();
    // Safe: the contract has decoded the values with this schema.
    const values = [...this.#values.of("count").values()].map(({ data }) => data as CountValue);
    const others = values.filter((value) => value.server !== server);
    const own = { server, count: this.#visitors.size };
    const atLeast = countOf([own, ...others], (each) => each === server || lease().isAlive(each) !== false);
    await hub.publish(address, "count", { server, count: 0, atLeast });
  }

  close(): void {
    this.#cancelPublish?.();
    this.#visitors.close();
    this.#values.close();
  }

  /** A visitor, a value or something to do is gone. */
  #noteLess(): void {
    if (this.#visitors.size === 0) this.#needs.onMaybeVacant();
  }

  /** Publishes the number, at once or when the last one is old enough. */
  #publishSoon(): void {
    const { clock, report } = this.#needs;
    const wait = Math.max(0, this.#publishedAt + COUNT_INTERVAL - clock.monotonic());
    const publish = () => {
      this.#cancelPublish = null;
      if (this.#visitors.size !== this.#published) this.#publish().catch(report);
      this.#noteLess();
    };
    this.#cancelPublish ??= clock.setTimeout(publish, wait, true);
  }

  async #publish(): Promise<void> {
    const { hub, address, lease, clock } = this.#needs;
    const { server } = lease();
    const count = this.#visitors.size;
    this.#published = count;
    this.#publishedAt = clock.monotonic();
    if (count === 0) await hub.clear(address, "count", server);
    else await hub.publish(address, "count", { server, count });
  }

  #faults(): Map<string, () => Promise<unknown>> {
    const { hub, address, lease } = this.#needs;
    const values = this.#values.of("count");
    const faults = new Map<string, () => Promise<unknown>>();
    // Safe: the contract has decoded it with this schema.
    const own = values.get(lease().server)?.data as CountValue | undefined;
    if ((own?.count ?? 0) !== this.#visitors.size) faults.set("own", () => this.#publish());
    for (const server of values.keys()) {
      const isOver = server !== lease().server && lease().isAlive(server) === false;
      if (isOver) faults.set(server, () => hub.clear(address, "count", server));
    }
    return faults;
  }
}
