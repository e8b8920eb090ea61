import type { Address, AnyChannel } from "@tidings/contract";
import { LEASE_TIME } from "@tidings/contract/presence";
import type { Clock } from "@tidings/protocol/clock";
import type { ClientSubscription } from "../client.ts";

/** What presence needs of a client. The types of its contract have been checked where it was passed. */
export interface PresenceClient {
  subscribe(address: Address, handlers: object): ClientSubscription;
}

interface FollowNeeds {
  readonly client: PresenceClient;
  readonly clock: Pick<Clock, "setTimeout">;
  readonly channel: Pick<AnyChannel, "events">;
  readonly address: Address;
  readonly onChange: () => void;
}

/** The current values of one address, as the client has got them. */
export class FollowedValues {
  readonly #needs: FollowNeeds;
  readonly #values = new Map<string, Map<string, unknown>>();
  readonly #subscription: ClientSubscription;
  readonly #removeListener: () => void;
  #cancelTimer = (): void => {};
  #hasBegun = false;

  constructor(needs: FollowNeeds) {
    this.#needs = needs;
    const handlers: Record<string, unknown> = {
      onClear: ({ type, key }: { readonly type: string; readonly key: string }) => this.#remove(type, key),
      onGap: () => this.#doubtAll(),
    };
    for (const type of Object.keys(needs.channel.events)) {
      handlers[type] = (data: unknown) => this.#set(type, data);
      this.#values.set(type, new Map());
    }
    this.#subscription = needs.client.subscribe(needs.address, handlers);
    this.#removeListener = this.#subscription.status.subscribe(({ state }) => {
      if (state !== "live" || this.#hasBegun) return;
      this.#hasBegun = true;
      needs.onChange();
    });
  }

  /** Whether the values that were there at the beginning have come. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** The data of an event type by key. */
  of(type: string): ReadonlyMap<string, unknown> {
    return this.#valuesOf(type);
  }

  close(): void {
    this.#cancelTimer();
    this.#removeListener();
    this.#subscription.close();
  }

  #set(type: string, data: unknown): void {
    const { channel, onChange } = this.#needs;
    const key = channel.events[type]?.key(data) ?? "";
    this.#valuesOf(type).set(key, data);
    onChange();
  }

  #remove(type: string, key: string): void {
    this.#valuesOf(type).delete(key);
    this.#needs.onChange();
  }

  /**
   * Withdrawals may be gone. All values come again, but not at once: after the log was replaced, people first come back
   * to a server. What has not come again when a lease would have ended was withdrawn.
   */
  #doubtAll(): void {
    const doubted = [...this.#values].map(([type, values]) => ({ type, before: new Map(values) }));
    const removeDoubted = () => {
      for (const { type, before } of doubted) this.#removeUnchanged(type, before);
      this.#needs.onChange();
    };
    this.#cancelTimer();
    this.#cancelTimer = this.#needs.clock.setTimeout(removeDoubted, LEASE_TIME);
  }

  /** A value that has come again is another object. */
  #removeUnchanged(type: string, before: ReadonlyMap<string, unknown>): void {
    const values = this.#valuesOf(type);
    for (const [key, data] of before) {
      if (values.get(key) === data) values.delete(key);
    }
  }

  #valuesOf(type: string): Map<string, unknown> {
    const found = this.#values.get(type) ?? new Map<string, unknown>();
    this.#values.set(type, found);
    return found;
  }
}
