import type { Address } from "@tidings/contract";
import { covers, formatCursor, parseCursor, type Cursor, type GapReason, type PageBody } from "@tidings/protocol";
import type { Consumer, Item } from "./consumer.ts";
import type { Context } from "./context.ts";
import { channelOf, decodePage, decodeState } from "./decoder.ts";
import { Ending, toEnding } from "./ending.ts";
import { loadPage } from "./page-loader.ts";
import { MINUTE, Retry } from "./retry.ts";
import { Cell, retrying, type Reason, type Status, type Watchable } from "./status.ts";

/** What a subscription needs of the client it belongs to. */
export interface SubscriptionOwner {
  readonly context: Context;
  /** The shared connection's. */
  readonly status: Watchable<Status>;
  /** Everything up to here the stream has delivered to who has joined. */
  readonly handled: Cursor | null;
  /** The same, with the event that is being delivered. */
  readonly carried: Cursor | null;
  onLeft(subscription: Subscription): void;
}

/**
 * - `loading`: a page is under way, or will be when its time comes
 * - `waiting`: for the stream to follow the address
 * - `joined`: the stream delivers
 * - `paused`: the consumer has no room
 */
type Phase = "loading" | "waiting" | "joined" | "paused" | "closed";

/** A second gap within a minute is a failed attempt, a third ends the subscription. */
const MOST_GAPS = 2;

/**
 * The client's interest in one address: a cursor of its own. It catches up by pages, and joins the shared stream when its cursor
 * covers whatever the stream has carried past it; a gap, and a consumer without room, make it leave again.
 */
export class Subscription {
  readonly address: Address;
  readonly status = new Cell();
  readonly #client: SubscriptionOwner;
  readonly #consumer: Consumer;
  readonly #retry: Retry;
  readonly #unwatch: () => void;
  #phase: Phase = "waiting";
  /** Everything up to here is delivered; null until there is a beginning. */
  #cursor: Cursor | null;
  /** The stream has carried everything up to here past us, undelivered; null while it does not follow the address. */
  #passed: Cursor | null = null;
  /** What a page failed of, and when the next is asked for. */
  #trouble: (Status & { readonly state: "retrying" }) | null = null;
  #gaps: number[] = [];
  /** Forgets the page that is under way, or that will be. */
  #cancelLoad = () => {};

  constructor(client: SubscriptionOwner, address: Address, consumer: Consumer, after: Cursor | null) {
    this.#client = client;
    this.address = address;
    this.#consumer = consumer;
    this.#cursor = after;
    this.#retry = new Retry(client.context);
    this.#unwatch = client.status.subscribe((status) => this.#onStream(status));
  }

  /** @param position where the stream stands, when it follows the address already */
  begin(position: Cursor | null): void {
    this.#passed = position;
    if (this.#cursor !== null || this.#needsPage) this.#load();
    else this.#tryJoin();
  }

  /** The stream follows the address from this position on. */
  onStart(position: Cursor): void {
    this.#passed = position;
    this.#tryJoin();
  }

  onItem(item: Item): void {
    if (this.#phase === "joined") this.#offer(item);
    else if (item.cursor !== null) this.#passed = item.cursor;
  }

  /**
   * The stream has a hole in this address.
   * @param position where it goes on from, when its own position is void; else it goes on as it is
   */
  onGap(reason: GapReason, position: Cursor | null): void {
    const { handled } = this.#client;
    // The handler of another subscription may have closed this one.
    if (this.#isClosed()) return;
    this.#passed = position ?? this.#passed;
    // What it has carried up to here may have been covered by our own pages long ago.
    const ahead = handled !== null && this.#cursor !== null && isLater(this.#cursor, handled);
    if (this.#phase === "joined" && (position !== null || !ahead)) {
      if (this.#fall(reason)) this.#cursor = position ?? this.#cursor;
    }
    // Our own pages tell, about our own position; one that is under way may be older than the loss.
    else if (this.#phase === "loading" || (this.#cursor !== null && this.#phase !== "paused")) this.#load();
    else this.#tryJoin();
  }

  /** The stream does not follow the address any more. */
  onRefused(reason: Reason): void {
    this.#passed = null;
    if (!this.#isClosed()) this.#onEnding(new Ending(reason));
  }

  /** The consumer has room again. */
  resume(): void {
    if (this.#phase === "paused") this.#load();
  }

  close(reason: Reason = "closed"): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#cancelLoad();
    this.#unwatch();
    this.#client.onLeft(this);
    this.status.set({ state: "closed", reason });
    this.#consumer.close(reason);
  }

  /** Whether a beginning has something to fetch: a state, or current values. */
  get #needsPage(): boolean {
    const { events } = channelOf(this.#client.context, this.address);
    return this.#consumer.wantsSnapshot || Object.values(events).some(({ mode }) => mode === "latest");
  }

  #onStream({ state }: Status): void {
    // The network is back.
    if (state === "live" && ["network", "timeout", "offline"].includes(this.#trouble?.reason ?? "")) this.#load();
    else this.#report();
  }

  /** Live is who has a position: nothing from there on will be missed. */
  #report(): void {
    const stream = this.#client.status.value;
    if (this.#phase === "closed" || stream.state === "closed") return;
    // A channel that is refused leaves the stream, so the stream's state is not its own.
    const isOwn = stream.state === "live" || this.#trouble?.reason === "unknown";
    const own: Status = this.#trouble ?? { state: this.#cursor === null ? "connecting" : "live" };
    this.status.set(isOwn ? own : stream);
  }

  /** False when it was not taken. A repetition counts as taken. */
  #offer(item: Item): boolean {
    if (item.cursor !== null && this.#cursor !== null && covers(this.#cursor, item.cursor)) return true;
    if (this.#consumer.take(item)) {
      this.#cursor = item.cursor ?? this.#cursor;
      return true;
    }
    if ("event" in item && item.isVolatile) return true;
    if (this.#phase === "joined") {
      // What the stream has carried of other channels only is nothing that we miss.
      this.#advance(this.#client.handled);
      this.#passed = item.cursor;
    }
    this.#phase = "paused";
    return false;
  }

  /** Never backwards: a page may come from a server that lags. */
  #advance(position: Cursor | null): void {
    if (position !== null && (this.#cursor === null || !covers(this.#cursor, position))) this.#cursor = position;
  }

  /** Tells the gap, and starts anew where there is something to start from. Returns whether delivery goes on as it is. */
  #fall(reason: GapReason): boolean {
    const { context, carried } = this.#client;
    const now = context.clock.now();
    const channel = this.address.path;
    this.#gaps = [...this.#gaps.filter((at) => now - at < MINUTE), now];
    context.trace("debug", "gap", { channel, detail: reason });
    this.#consumer.gap({ channel, reason, after: this.#cursor && formatCursor(this.#cursor) });
    if (this.#gaps.length > MOST_GAPS) this.close("gap-loop");
    // The handler may have closed us, too.
    if (this.#isClosed()) return false;
    if (!this.#consumer.wantsSnapshot && (reason === "trimmed" || !this.#needsPage)) return true;
    if (this.#phase === "joined") this.#passed = carried;
    this.#cursor = null;
    this.#onEnding(new Ending("gap"));
    return false;
  }

  /** @param isStale whether a page has just brought nothing new */
  #tryJoin(isStale = false): void {
    if (this.#phase !== "waiting" || this.#passed === null) return;
    this.#cursor ??= this.#passed;
    // Positions of different epochs cannot be compared; the stream's own may have come into ours meanwhile.
    const isComparable = this.#passed.epoch === this.#cursor.epoch;
    const target = (isComparable ? null : this.#client.carried) ?? this.#passed;
    if (covers(this.#cursor, target)) {
      this.#phase = "joined";
      this.#trouble = null;
      this.#report();
    } else if (isStale) this.#onEnding(new Ending("unavailable"));
    else this.#load();
  }

  #load(): void {
    const { context } = this.#client;
    const wantsState = this.#cursor === null && this.#consumer.wantsSnapshot;
    this.#cancelLoad();
    let isWanted = true;
    this.#cancelLoad = () => {
      isWanted = false;
    };
    this.#phase = "loading";
    this.#report();
    loadPage(context, this.address.path, this.#cursor, wantsState).then(
      (page) => isWanted && this.#take(page),
      (error: unknown) => isWanted && this.#onEnding(toEnding(error)),
    );
  }

  #take(page: PageBody): void {
    const { path } = this.address;
    const { context } = this.#client;
    const refused = page.refused?.[path];
    if (refused !== undefined) return this.#onEnding(new Ending(refused));
    const gap = page.gap?.channels[path];
    if (gap !== undefined && !this.#fall(gap)) return;
    this.#trouble = null;
    const before = this.#cursor;
    const state = decodeState(context, this.address, page);
    if (state !== null) this.#consumer.snapshot(state.value);
    // A handler may close us; a queue may be full.
    for (const item of decodePage(context, this.address, page)) if (this.#isClosed() || !this.#offer(item)) return;
    if (this.#isClosed()) return;
    this.#advance(parseCursor(page.cursor));
    const isStale = before === this.#cursor;
    if (!isStale) this.#retry.forget();
    if (page.more) return this.#load();
    this.#phase = "waiting";
    this.#report();
    this.#tryJoin(isStale);
  }

  /** A page has failed, or is not the one that we need. */
  #onEnding(ending: Ending): void {
    const { clock } = this.#client.context;
    // Where only others are meant, we ask again without them.
    const isMeant = ending.about.channels?.includes(this.address.path) ?? true;
    const wait = this.#retry.after(isMeant ? ending : new Ending("unavailable"));
    if (wait === null) return this.close(ending.reason);
    this.#cancelLoad();
    this.#phase = "loading";
    this.#trouble = retrying(ending.reason, clock.now() + wait);
    this.#cancelLoad = clock.setTimeout(() => this.#load(), wait);
    this.#report();
  }

  /** A method, since the compiler believes that handlers change nothing. */
  #isClosed(): boolean {
    return this.#phase === "closed";
  }
}

function isLater(position: Cursor, other: Cursor): boolean {
  return covers(position, other) && !covers(other, position);
}
