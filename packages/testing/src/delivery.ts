import type { Client, ClientSubscription } from "@tidings/client";
import type { Address, Contract } from "@tidings/contract";
import type { SettledQueue } from "./settled-queue.ts";
import { registerLoop } from "./take.ts";

/** The part of an event that is recorded. */
interface ReceivedEvent {
  readonly id: string | null;
}

/** A reliable event that was published. */
interface PublishedEvent {
  readonly path: string;
  readonly id: string;
  /** Names it in errors. */
  readonly label: string;
}

/** A subscription or a loop, and the events that it has received. */
interface Follower {
  readonly path: string;
  readonly isLoop: boolean;
  readonly isLive: () => boolean;
  readonly ids: Set<string>;
  /** The index of the first published event that it has to receive; null before it is live. */
  owedFrom: number | null;
  isClosed: boolean;
}

/** A handler of a subscription, of any arguments. */
type Handler = (...args: never[]) => unknown;

/** Records which reliable events were published, and who has received them. */
export class Delivery {
  readonly #contract: Contract;
  readonly #queue: SettledQueue;
  /** In the order of their publishing. */
  readonly #published: PublishedEvent[] = [];
  readonly #followers: Follower[] = [];

  constructor(contract: Contract, queue: SettledQueue) {
    this.#contract = contract;
    this.#queue = queue;
    queue.onSettled = () => {
      for (const follower of this.#followers) {
        if (follower.isLive()) follower.owedFrom ??= this.#published.length;
      }
    };
  }

  /** Publishes events, and records the reliable ones with the ids that the hub returns. */
  record<Result extends { readonly id: string } | readonly { readonly id: string }[]>(
    events: readonly { readonly address: Address; readonly type: string }[],
    publish: () => Promise<Result>,
  ): Promise<Result> {
    return this.#queue.run(async () => {
      const result = await publish();
      for (const [index, { id }] of [result].flat().entries()) {
        const event = events[index];
        if (event !== undefined) this.#recordOne(event.address, event.type, id);
      }
      return result;
    });
  }

  /** The same client; it records every event that reaches its handlers and loops. */
  watch(client: Client<Contract>): Client<Contract> {
    return {
      status: client.status,
      contract: client.contract,
      history: (address, options) => client.history(address, options),
      reconnect: () => client.reconnect(),
      close: () => client.close(),
      subscribe: (address, handlers, options) => {
        // There is none when the client refuses the address.
        let subscription: ClientSubscription | undefined;
        const follower = this.#follow(address.path, false, () => subscription?.status.value.state === "live");
        // The same handlers, each with a function before it that records what happens.
        const recorded = this.#recordHandlers(follower, address, handlers);
        subscription = client.subscribe(address, recorded as unknown as typeof handlers, options);
        return subscription;
      },
      events: (address, options = {}) => {
        const follower = this.#follow(address.path, true, () => client.status.value.state === "live");
        const { onGap } = options;
        const onRecordedGap: typeof onGap = (gap) => {
          follower.owedFrom = this.#published.length;
          return onGap?.(gap);
        };
        const events = client.events(address, onGap === undefined ? options : { ...options, onGap: onRecordedGap });
        const next = events.next.bind(events);
        events.next = async () => {
          const result = await next();
          if (result.done === true) follower.isClosed = true;
          else receive(follower, result.value);
          return result;
        };
        registerLoop(events, this.#queue);
        return events;
      },
    };
  }

  /** @throws Error that names the missing events */
  async expectAll(): Promise<void> {
    await this.#queue.waitUntil(() => this.#missing().length === 0);
    const missing = this.#missing();
    if (missing.length === 0) return;
    throw new Error(`Expected nothing to be lost, but these never came: ${missing.join(", ")}.`);
  }

  #recordOne({ name, path }: Address, type: string, id: string): void {
    if (this.#contract[name]?.events[type]?.mode !== "reliable") return;
    // A publish with a used idempotency key returns the id of the first publish.
    if (this.#published.some((event) => event.id === id)) return;
    this.#published.push({ path, id, label: `${path}:${type} ${id}` });
  }

  #follow(path: string, isLoop: boolean, isLive: () => boolean): Follower {
    const follower: Follower = { path, isLoop, isLive, ids: new Set(), owedFrom: null, isClosed: false };
    this.#followers.push(follower);
    return follower;
  }

  #recordHandlers(
    follower: Follower,
    address: Address,
    handlers: Readonly<Record<string, Handler | undefined>>,
  ): Readonly<Record<string, Handler | undefined>> {
    const recorded: Record<string, Handler | undefined> = {
      ...handlers,
      // Looked up with every error, as the client does.
      get onError() {
        return handlers["onError"];
      },
    };
    const callBefore = (name: string, record: (...args: never[]) => void): void => {
      const handler = recorded[name]?.bind(handlers);
      recorded[name] = (...args) => {
        record(...args);
        return handler?.(...args);
      };
    };
    const startAgain = (): void => {
      if (follower.owedFrom !== null) follower.owedFrom = this.#published.length;
    };
    const { events = {} } = this.#contract[address.name] ?? {};
    for (const type of Object.keys(events)) {
      callBefore(type, (_data: never, event: ReceivedEvent) => receive(follower, event));
    }
    callBefore("onGap", startAgain);
    callBefore("snapshot", startAgain);
    callBefore("onClose", () => {
      follower.isClosed = true;
    });
    return recorded;
  }

  #missing(): string[] {
    return this.#followers.flatMap(({ path, isLoop, ids, owedFrom, isClosed }) => {
      if (isClosed || owedFrom === null) return [];
      const owed = this.#published.slice(owedFrom).filter((event) => event.path === path);
      // A loop may not have taken the last events yet. Only what it has skipped is missing.
      const end = isLoop ? owed.findLastIndex(({ id }) => ids.has(id)) + 1 : owed.length;
      const missing = owed.slice(0, end).filter(({ id }) => !ids.has(id));
      return missing.map(({ label }) => label);
    });
  }
}

function receive({ ids }: Follower, { id }: ReceivedEvent): void {
  if (id !== null) ids.add(id);
}
