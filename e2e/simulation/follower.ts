import type { Cleared, Client, ClientSubscription, Gap, History, Reason, StreamError } from "@tidings/client";
import type { contract, AnyAddress } from "./contract.ts";
import { Diary, type DiaryWorld, type Received } from "./diary.ts";
import { formatCursor, parseCursor } from "@tidings/protocol";
import type { Fact, Tick } from "./fact.ts";
import type { ClientProgram } from "./program.ts";

type AnyClient = Client<typeof contract>;

/** A page of history that a follower begins with. */
export interface Beginning extends History<Received, Received> {
  readonly requestedTick: Tick;
}

/** A page posts a few things at a time. */
const MOST_WAITS = 10;

/** One subscription of our client, by handlers or by a loop. */
export class Follower extends Diary {
  /** The application closed it. */
  hasUnsubscribed = false;
  /** For how many events it waits. */
  waits = 0;
  #stop: () => void;
  #events: AsyncIterableIterator<Received, Reason | Received> | null = null;
  #reached: ClientSubscription["reached"] | null = null;
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

  /** Waits for an event that was published, as a page does that has shown it in advance. */
  async waitFor(fact: Fact): Promise<void> {
    if (this.#reached === null || this.isClosed || this.waits === MOST_WAITS) return;
    this.waits++;
    const asked = this.world.truth.next();
    const isThere = await this.#reached(formatCursor(fact.position));
    this.waits--;
    if (!isThere && !this.isClosed) this.world.onViolation(`${String(this)} waited for ${fact.n}, and nothing closed`);
    if (isThere && !this.#mayDoWithout(fact, asked)) {
      this.world.onViolation(`a wait ends when the event has come: ${fact.n} did not reach ${String(this)}`);
    }
  }

  /** Whether the event was delivered, or is not owed, or something has told that it may be missing. */
  #mayDoWithout({ n, tick, path, position, mode, lostTick }: Fact, asked: Tick): boolean {
    // What is published before a subscription has begun at the server is not owed to it.
    const begun = this.seen.find(({ kind }) => kind === "live")?.tick ?? Infinity;
    const isOwed = mode === "reliable" && tick > begun && lostTick === Infinity;
    const isHidden = this.world.truth.rights.of(this.program.viewer, path).length > 0;
    return (
      !isOwed ||
      isHidden ||
      this.seen.some(
        (each) =>
          (each.kind === "event" && (each.n === n || parseCursor(each.id ?? "")?.epoch !== position.epoch)) ||
          (each.kind === "state" && (each.said.includes(n) || each.tick > asked)) ||
          each.kind === "gap",
      )
    );
  }

  async #take(events: AsyncIterableIterator<Received, Reason | Received>): Promise<void> {
    try {
      const result = await events.next();
      this.#isReading = false;
      const { value } = result;
      if (typeof value !== "string") this.noteEvent(value);
      const reason = typeof value === "string" ? value : "ended";
      if (result.done === true) return this.note({ kind: "closed", reason });
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
          : address.name === "job"
            ? client.subscribe<"job">(address, { ...common, step: handle, done: handle, onEnd: handle }, options)
            : client.subscribe<"inbox">(address, { ...common, mail: handle }, options);
    this.#reached = subscription.reached;
    const look = (): void => this.setLive(subscription.status.value.state === "live");
    subscription.status.subscribe(look);
    look();
    return () => subscription.close();
  }

  #loop(client: AnyClient, after: { readonly after?: string }): () => void {
    const options = { ...after, capacity: 2, onGap: (gap: Gap) => this.note({ kind: "gap", gap }) };
    // A union of three types of loops, which are read in the same way.
    this.#events = client.events(this.address, options) as AsyncIterableIterator<Received, Reason | Received>;
    return () => {
      this.isClosed = true;
      void this.#events?.return?.();
    };
  }
}
