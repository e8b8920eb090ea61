import type { Cleared, Client, Gap, Reason, StreamError } from "@tidings/client";
import type { ClientProgram } from "./client-program.ts";
import type { house, Place } from "./contract.ts";
import type { Tick, Truth } from "./truth.ts";

/** What a handler or a loop was told, and when. */
export type Seen = { readonly tick: Tick; readonly at: number } & (
  | {
      readonly kind: "event";
      readonly n: number;
      readonly type: string;
      readonly id: string | null;
      readonly key: string;
      readonly sentAt: number;
    }
  | { readonly kind: "gap"; readonly gap: Gap }
  | { readonly kind: "state"; readonly said: readonly number[] }
  | { readonly kind: "cleared"; readonly cleared: Cleared }
  | { readonly kind: "live" }
  | { readonly kind: "closed"; readonly reason: Reason }
);
type Told = Seen extends infer One ? (One extends Seen ? Omit<One, "tick" | "at"> : never) : never;

interface Event {
  readonly type: string;
  readonly id: string | null;
  readonly data: { readonly n: number; readonly symbol?: string };
}

interface FollowerWorld {
  readonly truth: Truth;
  readonly clock: { readonly time: number };
  onTrouble(what: string): void;
  onSeen(seen: Seen): void;
}

type HouseClient = Client<typeof house>;

/** One subscription, by handlers or by a loop, and everything it was told, in order. */
export class Follower {
  readonly viewer: string;
  readonly place: Place;
  readonly isLoop: boolean;
  readonly begun: Tick;
  readonly begunAt: number;
  readonly seen: Seen[] = [];
  isLive = false;
  isClosed = false;
  /** The application closed it. */
  isLeft = false;
  readonly #world: FollowerWorld;
  readonly #program: ClientProgram;
  #stop: () => void;
  #events: AsyncIterableIterator<Event, Reason> | null = null;
  #isReading = false;
  #readsOn = false;

  constructor(world: FollowerWorld, program: ClientProgram, place: Place, isLoop: boolean) {
    const { client } = program;
    this.#world = world;
    this.#program = program;
    this.viewer = program.viewer;
    this.place = place;
    this.isLoop = isLoop;
    this.begun = world.truth.next();
    this.begunAt = world.clock.time;
    this.#stop = isLoop ? this.#loop(client) : this.#handle(client);
  }

  leave(): void {
    if (this.isLeft) return;
    this.isLeft = true;
    this.#stop();
  }

  /** Takes one event, where that is for the reader to do; the slowest loop there is. */
  read(): void {
    if (this.#events === null || this.#isReading || this.isClosed) return;
    this.#isReading = true;
    void this.#take(this.#events);
  }

  /** From now on reads whatever comes. */
  readOn(): void {
    this.#readsOn = true;
    this.read();
  }

  note(told: Told): void {
    const { truth, clock } = this.#world;
    // The same members, with two more.
    const seen = { ...told, tick: truth.next(), at: clock.time } as Seen;
    if (told.kind === "closed") this.isClosed = true;
    this.seen.push(seen);
    this.#world.onSeen(seen);
  }

  async #take(events: AsyncIterableIterator<Event, Reason>): Promise<void> {
    try {
      const result = await events.next();
      this.#isReading = false;
      if (result.done === true) return this.note({ kind: "closed", reason: result.value });
      this.#onEvent(result.value);
      if (this.#readsOn) this.read();
    } catch (error) {
      this.#world.onTrouble(`a loop threw ${String(error)}`);
    }
  }

  #onEvent({ type, id, data }: Event): void {
    this.note({ kind: "event", n: data.n, type, id, key: data.symbol ?? "", sentAt: this.#program.lastSentAt });
  }

  #handle(client: HouseClient): () => void {
    const common = {
      onGap: (gap: Gap) => this.note({ kind: "gap", gap }),
      onClear: (cleared: Cleared) => this.note({ kind: "cleared", cleared }),
      onClose: (reason: Reason) => this.note({ kind: "closed", reason }),
      onError: (error: StreamError) => this.#world.onTrouble(String(error.stack)),
    };
    const tell = (_data: unknown, event: Event) => this.#onEvent(event);
    const { place } = this;
    const subscription =
      place.name === "room"
        ? client.subscribe<"room">(place, {
            ...common,
            snapshot: ({ said }) => this.note({ kind: "state", said }),
            said: tell,
            typing: tell,
            topic: tell,
          })
        : place.name === "feed"
          ? client.subscribe<"feed">(place, { ...common, posted: tell, price: tell })
          : client.subscribe<"inbox">(place, { ...common, mail: tell });
    const look = (): void => this.#onStatus(subscription.status.value.state);
    subscription.status.subscribe(look);
    look();
    return () => subscription.close();
  }

  #loop(client: HouseClient): () => void {
    // A union of three kinds of loops, read as one.
    const options = { capacity: 2, onGap: (gap: Gap) => this.note({ kind: "gap", gap }) };
    this.#events = client.events(this.place, options) as AsyncIterableIterator<Event, Reason>;
    return () => {
      this.isClosed = true;
      void this.#events?.return?.();
    };
  }

  #onStatus(state: string): void {
    if (state === "live" && !this.isLive) this.note({ kind: "live" });
    this.isLive = state === "live";
  }
}
