import type { Address, AnyChannel } from "@tidings/contract";
import type { PresenceHub, Report } from "./presence-hub.ts";

/** A current value of the log. */
export interface FollowedValue {
  readonly data: unknown;
  /** Its id, for a publish that expects it. */
  readonly id: string;
}

interface FollowNeeds {
  readonly hub: Pick<PresenceHub, "events">;
  readonly channel: Pick<AnyChannel, "events">;
  readonly address: Address;
  readonly report: Report;
  /** There may be fewer values than before. @default nothing */
  readonly onFewer?: () => void;
  /** The hub has closed. @default nothing */
  readonly onHubClosed?: () => void;
}

/** The current values of one address, as the log has them. */
export class FollowedValues {
  readonly #needs: FollowNeeds;
  readonly #values = new Map<string, Map<string, FollowedValue>>();
  readonly #ending = new AbortController();

  constructor(needs: FollowNeeds) {
    this.#needs = needs;
    this.#follow().catch(needs.report);
  }

  /** The values of an event type by key. */
  of(type: string): ReadonlyMap<string, FollowedValue> {
    return this.#valuesOf(type);
  }

  close(): void {
    this.#ending.abort();
  }

  async #follow(): Promise<void> {
    let isOver = false;
    while (!isOver) isOver = await this.#followUntilGap();
    if (!this.#ending.signal.aborted) this.#needs.onHubClosed?.();
  }

  /** Reads from the oldest value on. Resolves with whether the end is the hub's or ours. */
  async #followUntilGap(): Promise<boolean> {
    const { hub, address, channel } = this.#needs;
    for await (const item of hub.events(address, { after: null, signal: this.#ending.signal })) {
      if (item.kind === "clear") {
        this.#valuesOf(item.type).delete(item.key);
        this.#needs.onFewer?.();
      } else if (item.kind === "event") {
        const key = channel.events[item.type]?.key(item.data) ?? "";
        this.#valuesOf(item.type).set(key, { data: item.data, id: item.cursor });
      } else if (item.kind === "gap" && this.#hasAny()) {
        // A withdrawal is gone. Values from before the gap do not come again in this loop.
        this.#values.clear();
        this.#needs.onFewer?.();
        return false;
      }
    }
    return true;
  }

  #hasAny(): boolean {
    return [...this.#values.values()].some(({ size }) => size > 0);
  }

  #valuesOf(type: string): Map<string, FollowedValue> {
    const found = this.#values.get(type) ?? new Map<string, FollowedValue>();
    this.#values.set(type, found);
    return found;
  }
}
