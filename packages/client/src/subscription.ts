import type { Address, AnyChannel } from "@tidings/contract";
import { covers, formatCursor, parseCursor, type Cursor, type GapReason } from "@tidings/protocol";
import type { Clock } from "./clock.ts";
import type { Gap, ReceivedEvent, Cleared } from "./handlers.ts";
import type { PageLoader, ChannelPage } from "./page-loader.ts";
import { Refused } from "./requests.ts";
import { Backoff } from "./retry.ts";
import { Cell, type Reason, type Status } from "./status.ts";
import { UNKNOWN_RETRY } from "./stream.ts";

/** One thing that arrived for an address, on the stream or on a page. */
export type Item =
  | { readonly kind: "event"; readonly event: ReceivedEvent; readonly volatile: boolean; readonly cursor: Cursor | null }
  | { readonly kind: "clear"; readonly cleared: Cleared; readonly cursor: Cursor };

/** Where a subscription delivers: handlers, or the queue of an iterator. */
export interface Consumer {
  /** Whether a gap, and the beginning, bring a snapshot. */
  readonly wantsSnapshot: boolean;
  /** False when there is no room: nothing was taken then. */
  take(item: Item): boolean;
  snapshot(state: unknown): void;
  gap(gap: Gap): void;
  close(reason: Reason): void;
}

export interface SubscriptionSettings {
  readonly pages: PageLoader;
  readonly clock: Clock;
  readonly random: () => number;
  /** The shared connection's. */
  readonly stream: { readonly status: Cell<Status>; readonly cursor: Cursor | null };
  onClosed(subscription: Subscription): void;
}

/**
 * The client's interest in one address: a cursor of its own. It catches up by pages, and joins the shared stream when its cursor
 * has reached whatever the stream has already carried past it; a gap, and a consumer without room, make it leave again.
 *
 * - `loading`: a page is under way
 * - `waiting`: it has caught up, and waits to hear where the stream stands
 * - `joined`: the stream delivers
 * - `paused`: the consumer has no room
 */
type Phase = "loading" | "waiting" | "joined" | "paused" | "closed";

const MINUTE = 60_000;
/** A second gap within a minute is a failed attempt, a third ends the subscription. */
const MOST_GAPS = 2;
/** Milliseconds between pages that bring nothing new. */
const PAGE_RETRY = 250;

export class Subscription {
  readonly address: Address;
  readonly status: Cell<Status> = new Cell<Status>({ state: "connecting" });
  readonly #channel: AnyChannel;
  readonly #consumer: Consumer;
  readonly #settings: SubscriptionSettings;
  readonly #backoff: Backoff;
  readonly #unsubscribe: () => void;
  #phase: Phase = "waiting";
  /** Everything up to here is delivered; null until there is a beginning. */
  #cursor: Cursor | null;
  /** The stream has carried everything up to here past us, undelivered; null until the stream follows the address. */
  #passed: Cursor | null = null;
  /** Tells an answer that is still wanted from one that is not. */
  #turn = 0;
  #gaps: number[] = [];
  #cancelRetry = () => {};

  constructor(address: Address, channel: AnyChannel, consumer: Consumer, settings: SubscriptionSettings, after: Cursor | null) {
    this.address = address;
    this.#channel = channel;
    this.#consumer = consumer;
    this.#settings = settings;
    this.#backoff = new Backoff(settings.random);
    this.#cursor = after;
    this.#unsubscribe = settings.stream.status.subscribe(() => this.#report());
  }

  get closed(): boolean {
    return this.#phase === "closed";
  }

  /** @param position where the stream stands, when it follows the address already */
  begin(position: Cursor | null): void {
    this.#passed = position;
    if (this.#cursor !== null || this.#needsPage) void this.#load();
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

  /** The stream has a hole in this address, and goes on after it. */
  onGap(reason: GapReason): void {
    // Who has not joined will be told by its own pages, about its own position.
    if (this.#phase === "joined") this.#fall(reason);
  }

  /** The stream's position is void; it will go on from the given one. */
  onReset(reason: GapReason, position: Cursor): void {
    this.#passed = position;
    if (this.#phase === "closed" || this.#phase === "paused" || !this.#fall(reason)) return;
    this.#turn++;
    this.#cursor = position;
    this.#enter("waiting");
    this.#tryJoin();
  }

  /** The server does not know the channel now, or does again. */
  onUnknown(): void {
    this.#report({ state: "retrying", reason: "unknown", at: this.#settings.clock.now() + UNKNOWN_RETRY });
  }

  /** The consumer has room again. */
  resume(): void {
    if (this.#phase === "paused") void this.#load();
  }

  close(reason: Reason = "closed"): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#turn++;
    this.#cancelRetry();
    this.#unsubscribe();
    this.#report();
    this.status.set({ state: "closed", reason });
    this.#consumer.close(reason);
    this.#settings.onClosed(this);
  }

  /** Whether a beginning has something to fetch: a state, or current values. */
  get #needsPage(): boolean {
    return this.#consumer.wantsSnapshot || Object.values(this.#channel.events).some(({ mode }) => mode === "latest");
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    this.#report();
  }

  #report(status?: Status): void {
    if (this.#phase === "closed") return;
    const stream = this.#settings.stream.status.value;
    const here = this.#phase === "joined" || this.#phase === "paused" ? "live" : "connecting";
    const next = status ?? (stream.state === "live" ? { state: here } : stream);
    if (next.state !== this.status.value.state || next.state === "retrying") this.status.set(next);
  }

  /** False when it was not taken. A repetition counts as taken. */
  #offer(item: Item): boolean {
    if (item.cursor !== null && this.#cursor !== null && covers(this.#cursor, item.cursor)) return true;
    if (!this.#consumer.take(item)) {
      if (item.kind === "event" && item.volatile) return true;
      // What the stream has carried past other channels only is nothing that we miss.
      if (this.#phase === "joined") {
        this.#advance(this.#settings.stream.cursor);
        this.#passed = item.cursor ?? this.#passed;
      }
      this.#enter("paused");
      return false;
    }
    if (item.cursor !== null) this.#cursor = item.cursor;
    return true;
  }

  #advance(position: Cursor | null): void {
    if (position !== null && (this.#cursor === null || covers(position, this.#cursor))) this.#cursor = position;
  }

  /** Tells the gap, and starts anew where there is something to start from. Returns whether delivery goes on as it is. */
  #fall(reason: GapReason): boolean {
    const now = this.#settings.clock.now();
    const after = this.#cursor;
    this.#gaps = [...this.#gaps.filter((at) => now - at < MINUTE), now];
    this.#consumer.gap({ channel: this.address.path, reason, after: after === null ? null : formatCursor(after) });
    // A handler may have closed us.
    if (this.closed) return false;
    if (this.#gaps.length > MOST_GAPS) {
      this.close("gap-loop");
      return false;
    }
    const restarts = this.#consumer.wantsSnapshot || (reason !== "trimmed" && this.#needsPage);
    if (!restarts) return true;
    this.#passed = this.#settings.stream.cursor ?? this.#passed;
    this.#cursor = null;
    if (this.#gaps.length === MOST_GAPS) this.#loadLater(this.#backoff.afterFailure(0));
    else void this.#load();
    return false;
  }

  #tryJoin(): void {
    if (this.#phase !== "waiting" || this.#passed === null) return;
    if (this.#cursor === null) this.#cursor = this.#passed;
    if (covers(this.#cursor, this.#passed)) this.#enter("joined");
    else void this.#load();
  }

  #loadLater(milliseconds: number): void {
    this.#enter("loading");
    this.#cancelRetry();
    this.#cancelRetry = this.#settings.clock.setTimeout(() => void this.#load(), milliseconds);
  }

  async #load(): Promise<void> {
    const turn = ++this.#turn;
    const passed = this.#passed;
    const begins = this.#cursor === null;
    this.#enter("loading");
    try {
      const snapshot = begins && this.#consumer.wantsSnapshot;
      const page = await this.#settings.pages.load(this.address, this.#cursor, snapshot);
      if (turn === this.#turn) this.#take(page, passed);
    } catch (error) {
      if (turn === this.#turn) this.#onFailure(error);
    }
  }

  #take(page: ChannelPage, passedBefore: Cursor | null): void {
    if (page.refused === "forbidden") return this.close("forbidden");
    if (page.refused === "unknown") return this.#loadLater(UNKNOWN_RETRY);
    if (page.gap !== undefined && !this.#fall(page.gap)) return;
    if (page.state !== undefined) this.#consumer.snapshot(page.state);
    const turn = this.#turn;
    for (const item of page.items) if (!this.#offer(item) || turn !== this.#turn) return;
    const stuck = this.#cursor !== null && page.cursor !== null && covers(this.#cursor, page.cursor);
    this.#cursor = page.cursor;
    if (page.more) return void this.#load();
    this.#phase = "waiting";
    const incomparable = this.#passed !== null && this.#passed === passedBefore && this.#passed.epoch !== page.cursor?.epoch;
    // The page was asked for after the stream had passed, so it holds whatever that was.
    if (incomparable) return this.#enter("joined");
    if (stuck && this.#passed !== null && page.cursor !== null && !covers(page.cursor, this.#passed)) {
      return this.#loadLater(PAGE_RETRY);
    }
    this.#tryJoin();
  }

  #onFailure(error: unknown): void {
    const status = error instanceof Refused ? error.status : 0;
    if (status === 204) return this.close("finished");
    if (status === 403) return this.close("forbidden");
    if (status === 404) return this.#loadLater(UNKNOWN_RETRY);
    if (status >= 400 && status < 500 && ![401, 408, 429].includes(status)) return this.close("rejected");
    this.#loadLater(this.#backoff.afterFailure(0, error instanceof Refused ? error.retryAfter : 0));
  }
}

/** The cursor of a token that may be none. */
export function toCursor(token: string | null | undefined): Cursor | null {
  return token === null || token === undefined ? null : parseCursor(token);
}
