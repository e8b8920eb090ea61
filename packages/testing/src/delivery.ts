import type { Client } from "@tidings/client";
import type { Address, Contract } from "@tidings/contract";
import { registerLoop } from "./take.ts";
import type { Rest } from "./rest.ts";

interface Event {
  readonly id: string | null;
}

/** Who follows an address, and what it has had. */
interface Follower {
  readonly path: string;
  readonly isLoop: boolean;
  readonly isLive: () => boolean;
  readonly ids: Set<string>;
  /** From which of the published events on it is owed all; null before it is live. */
  since: number | null;
  isClosed: boolean;
}

/** What was published and who has had it. */
export class Delivery {
  readonly #contract: Contract;
  readonly #rest: Rest;
  /** Reliable events, in order. */
  readonly #published: { readonly path: string; readonly id: string; readonly label: string }[] = [];
  readonly #followers: Follower[] = [];

  constructor(contract: Contract, rest: Rest) {
    this.#contract = contract;
    this.#rest = rest;
    rest.onRest = () => {
      for (const follower of this.#followers) if (follower.isLive()) follower.since ??= this.#published.length;
    };
  }

  /** Notes what a publisher was told. */
  published<Result extends { readonly id: string } | readonly { readonly id: string }[]>(
    events: readonly { readonly address: Address; readonly type: string }[],
    publish: () => Promise<Result>,
  ): Promise<Result> {
    return this.#rest.before(async () => {
      const result = await publish();
      for (const [index, { id }] of [result].flat().entries()) {
        const event = events[index];
        if (event === undefined || this.#contract[event.address.name]?.events[event.type]?.mode !== "reliable") {
          continue;
        }
        const { path } = event.address;
        if (this.#published.every((known) => known.id !== id)) {
          this.#published.push({ path, id, label: `${path}:${event.type} ${id}` });
        }
      }
      return result;
    });
  }

  /** The same client, of which everything that reaches handlers and loops is noted. */
  watch(client: Client<Contract>): Client<Contract> {
    const { status } = client;
    return {
      status,
      history: (address, options) => client.history(address, options),
      close: () => client.close(),
      subscribe: (address, handlers, options) => {
        const follower = this.#add(address.path, false, () => subscription.status.value.state === "live");
        const excuse = (): void => {
          if (follower.since !== null) follower.since = this.#published.length;
        };
        const noted = { ...handlers } as Record<string, (...told: never[]) => unknown>;
        const wrap = (name: string, note: (...told: never[]) => void): void => {
          const handler = noted[name]?.bind(handlers);
          noted[name] = (...told) => {
            note(...told);
            return handler?.(...told);
          };
        };
        const { events = {} } = this.#contract[address.name] ?? {};
        for (const type of Object.keys(events)) wrap(type, (_data: never, event: Event) => this.#take(follower, event));
        for (const name of ["onGap", "snapshot"]) wrap(name, excuse);
        wrap("onClose", () => (follower.isClosed = true));
        // The same handlers as before, each with a note.
        const subscription = client.subscribe(address, noted as unknown as typeof handlers, options);
        return subscription;
      },
      events: (address, options = {}) => {
        const follower = this.#add(address.path, true, () => status.value.state === "live");
        const { onGap } = options;
        const excuse = (gap: Parameters<NonNullable<typeof onGap>>[0]): unknown => {
          follower.since = this.#published.length;
          return onGap?.(gap);
        };
        const events = client.events(address, onGap === undefined ? options : { ...options, onGap: excuse });
        const next = events.next.bind(events);
        events.next = async () => {
          const result = await next();
          if (result.done === true) follower.isClosed = true;
          else this.#take(follower, result.value);
          return result;
        };
        registerLoop(events, this.#rest);
        return events;
      },
    };
  }

  /** @throws Error that names what is missing */
  async expectAll(): Promise<void> {
    await this.#rest.until(() => this.#missing().length === 0);
    const missing = this.#missing();
    if (missing.length > 0) {
      throw new Error(`Expected nothing to be lost, but these never came: ${missing.join(", ")}.`);
    }
  }

  #add(path: string, isLoop: boolean, isLive: () => boolean): Follower {
    const follower: Follower = { path, isLoop, isLive, ids: new Set(), since: null, isClosed: false };
    this.#followers.push(follower);
    return follower;
  }

  #take(follower: Follower, { id }: Event): void {
    if (id !== null) follower.ids.add(id);
  }

  #missing(): string[] {
    return this.#followers.flatMap(({ path, isLoop, ids, since, isClosed }) => {
      if (isClosed || since === null) return [];
      const owed = this.#published.slice(since).filter((event) => event.path === path);
      const end = isLoop ? owed.findLastIndex(({ id }) => ids.has(id)) + 1 : owed.length;
      return owed
        .slice(0, end)
        .filter(({ id }) => !ids.has(id))
        .map(({ label }) => label);
    });
  }
}
