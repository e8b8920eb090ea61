import type { Cleared, Client, Gap, History, Reason, StreamError } from "@tidings/client";
import type { contract, AnyAddress } from "./contract.ts";
import { Diary, type DiaryWorld, type Received } from "./diary.ts";
import type { Tick } from "./fact.ts";
import type { ClientProgram } from "./program.ts";

type AnyClient = Client<typeof contract>;

/** A page of history that a follower begins with. */
export interface Beginning extends History<Received> {
  readonly requestedTick: Tick;
}

/** One subscription of our client, by handlers or by a loop. */
export class Follower extends Diary {
  /** The application closed it. */
  hasUnsubscribed = false;
  #stop: () => void;
  #events: AsyncIterableIterator<Received, Reason> | null = null;
  #isReading = false;
  #readsOn = false;

  constructor(
    world: DiaryWorld,
    program: ClientProgram,
    address: AnyAddress,
    manner: "handlers" | "loop",
    beginning: Beginning | null,
  ) {
    super(world, program, address, manner);
    if (beginning !== null) {
      this.note({ kind: "begins", from: beginning.requestedTick });
      for (const event of beginning.events) this.noteEvent(event);
    }
    const after = beginning === null ? {} : { after: beginning.cursor };
    this.#stop = this.isLoop ? this.#loop(program.client, after) : this.#handle(program.client, after);
  }

  leave(): void {
    if (this.hasUnsubscribed) return;
    this.hasUnsubscribed = true;
    this.#stop();
  }

  /** Lets a loop take one event. */
  read(): void {
    if (this.#events === null || this.#isReading || this.isClosed) return;
    this.#isReading = true;
    void this.#take(this.#events);
  }

  /** From now on a loop takes every event at once. */
  readOn(): void {
    this.#readsOn = true;
    this.read();
  }

  async #take(events: AsyncIterableIterator<Received, Reason>): Promise<void> {
    try {
      const result = await events.next();
      this.#isReading = false;
      if (result.done === true) return this.note({ kind: "closed", reason: result.value });
      this.noteEvent(result.value);
      if (this.#readsOn) this.read();
    } catch (error) {
      this.world.onViolation(`a loop threw ${String(error)}`);
    }
  }

  #handle(client: AnyClient, options: { readonly after?: string }): () => void {
    const common = {
      onGap: (gap: Gap) => this.note({ kind: "gap", gap }),
      onClear: (cleared: Cleared) => this.note({ kind: "cleared", cleared }),
      onClose: (reason: Reason) => this.note({ kind: "closed", reason }),
      onError: (error: StreamError) => this.world.onViolation(String(error.stack)),
    };
    const handle = (_data: unknown, event: Received) => this.noteEvent(event);
    const { address } = this;
    const subscription =
      address.name === "room"
        ? client.subscribe<"room">(
            address,
            {
              ...common,
              snapshot: ({ said }) => this.note({ kind: "state", said }),
              said: handle,
              typing: handle,
              topic: handle,
            },
            options,
          )
        : address.name === "feed"
          ? client.subscribe<"feed">(address, { ...common, posted: handle, price: handle }, options)
          : client.subscribe<"inbox">(address, { ...common, mail: handle }, options);
    const look = (): void => this.setLive(subscription.status.value.state === "live");
    subscription.status.subscribe(look);
    look();
    return () => subscription.close();
  }

  #loop(client: AnyClient, after: { readonly after?: string }): () => void {
    const options = { ...after, capacity: 2, onGap: (gap: Gap) => this.note({ kind: "gap", gap }) };
    // A union of three types of loops, which are read in the same way.
    this.#events = client.events(this.address, options) as AsyncIterableIterator<Received, Reason>;
    return () => {
      this.isClosed = true;
      void this.#events?.return?.();
    };
  }
}
