import type { Address, AnyChannel } from "@tidings/contract";
import { covers, formatCursor, type Cursor, type GapReason } from "@tidings/protocol";
import type { Consumer, Item } from "./item.ts";
import type { ChannelPage } from "./page-loader.ts";
import { Refusal } from "./refusal.ts";
import { Backoff } from "./retry.ts";
import { Cell, type Reason, type Status } from "./status.ts";
import { StreamError } from "./stream-error.ts";
import type { SubscriptionSettings } from "./subscription-settings.ts";

/**
 * - `loading`: a page is under way, or will be when its time comes
 * - `waiting`: for the stream to follow the address
 * - `joined`: the stream delivers
 * - `paused`: the consumer has no room
 */
type Phase = "loading" | "waiting" | "joined" | "paused" | "closed";

const MINUTE = 60_000;
/** A second gap within a minute is a failed attempt, a third ends the subscription. */
const MOST_GAPS = 2;
/** Milliseconds until a page that brought nothing new is asked for again; doubled each time, up to the longest. */
const STALE_RETRY = 250;
const STALE_RETRY_LONGEST = 16_000;
/** How long a channel that the server does not know is left alone, in milliseconds. */
export const UNKNOWN_RETRY = 60_000;

/**
 * The client's interest in one address: a cursor of its own. It catches up by pages, and joins the shared stream when its cursor
 * covers whatever the stream has carried past it; a gap, and a consumer without room, make it leave again.
 */
export class Subscription {
  readonly address: Address;
  readonly status: Cell<Status> = new Cell<Status>({ state: "connecting" });
  readonly #channel: AnyChannel;
  readonly #consumer: Consumer;
  readonly #settings: SubscriptionSettings;
  readonly #backoff: Backoff;
  readonly #unwatch: () => void;
  #phase: Phase = "waiting";
  /** Everything up to here is delivered; null until there is a beginning. */
  #cursor: Cursor | null;
  /** The stream has carried everything up to here past us, undelivered; null while it does not follow the address. */
  #passed: Cursor | null = null;
  /** The stream has met a hole while we were away: only a page that is asked for from now on can tell whether it is ours. */
  #mustLook = false;
  /** Whether it has joined since its beginning: to catch up is then a matter between us and the server. */
  #begun = false;
  /** What a page failed of, and when the next is asked for. */
  #trouble: (Status & { readonly state: "retrying" }) | null = null;
  #freshTokenTried = false;
  #stale = 0;
  /** Tells an answer that is still wanted from one that is not. */
  #turn = 0;
  #gaps: number[] = [];
  #cancelRetry = () => {};

  constructor(
    address: Address,
    channel: AnyChannel,
    consumer: Consumer,
    settings: SubscriptionSettings,
    after: Cursor | null,
  ) {
    this.address = address;
    this.#channel = channel;
    this.#consumer = consumer;
    this.#settings = settings;
    this.#backoff = new Backoff(settings.random);
    this.#cursor = after;
    this.#unwatch = settings.status.subscribe((status) => this.#onStream(status));
  }

  /** @param position where the stream stands, when it follows the address already */
  begin(position: Cursor | null): void {
    this.#passed = position;
    if (this.#cursor !== null || this.#needsPage) this.#load();
    else this.#tryJoin();
    this.#report();
  }

  /** The stream follows the address from this position on. */
  onStart(position: Cursor): void {
    this.#passed = position;
    if (this.#trouble?.reason === "unknown") this.#load();
    else this.#tryJoin();
  }

  onItem(item: Item): void {
    if (this.#phase === "joined") this.#offer(item);
    else if (item.cursor !== null) this.#passed = item.cursor;
  }

  /** The stream has a hole in this address, and goes on after it. */
  onGap(reason: GapReason): void {
    const handled = this.#settings.handled();
    const ahead =
      handled !== null && this.#cursor !== null && !covers(handled, this.#cursor) && covers(this.#cursor, handled);
    if (this.#phase === "joined" && !ahead) this.#fall(reason);
    // Else our own pages tell, about our own position; and before the beginning there is nothing to lose.
    else if (this.#phase === "loading" || this.#phase === "paused") this.#mustLook = true;
    else if (this.#cursor !== null && this.#phase !== "closed") this.#load();
  }

  /** The stream's position is void; it will go on from the given one. */
  onReset(reason: GapReason, position: Cursor): void {
    this.#passed = position;
    if (this.#phase !== "joined") this.#tryJoin();
    else if (this.#fall(reason)) this.#cursor = position;
  }

  /** The server does not know the address, and the stream does not follow it. */
  onUnknown(at: number): void {
    this.#passed = null;
    if (this.#phase === "joined") this.#phase = "waiting";
    this.#trouble = { state: "retrying", reason: "unknown", at };
    this.#report();
  }

  /** The consumer has room again. */
  resume(): void {
    if (this.#phase === "paused") this.#load();
  }

  close(reason: Reason = "closed"): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#turn++;
    this.#cancelRetry();
    this.#unwatch();
    this.#settings.onClosed(this);
    this.status.set({ state: "closed", reason });
    this.#consumer.close(reason);
  }

  /** Whether a beginning has something to fetch: a state, or current values. */
  get #needsPage(): boolean {
    return this.#consumer.wantsSnapshot || Object.values(this.#channel.events).some(({ mode }) => mode === "latest");
  }

  #onStream(status: Status): void {
    const { reason } = this.#trouble ?? {};
    // The network is back.
    if (status.state === "live" && (reason === "network" || reason === "timeout" || reason === "offline")) this.#load();
    this.#report();
  }

  #report(): void {
    const stream = this.#settings.status.value;
    if (this.#phase === "closed" || stream.state === "closed") return;
    const own = this.#trouble ?? { state: this.#begun ? "live" : "connecting" };
    // A channel that is refused leaves the stream, so the stream's state is not its own.
    const next = stream.state === "live" || this.#trouble?.reason === "unknown" ? own : stream;
    const last = this.status.value;
    const same =
      next.state === "retrying" && last.state === "retrying" ? next.at === last.at : next.state === last.state;
    if (!same) this.status.set(next);
  }

  /** False when it was not taken. A repetition counts as taken. */
  #offer(item: Item): boolean {
    if (item.cursor !== null && this.#cursor !== null && covers(this.#cursor, item.cursor)) return true;
    if (this.#consumer.take(item)) {
      if (item.cursor !== null) this.#cursor = item.cursor;
      return true;
    }
    if (item.kind === "event" && item.volatile) return true;
    if (this.#phase === "joined") {
      // What the stream has carried of other channels only is nothing that we miss.
      this.#advance(this.#settings.handled());
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
    const now = this.#settings.clock.now();
    const after = this.#cursor === null ? null : formatCursor(this.#cursor);
    this.#gaps = [...this.#gaps.filter((at) => now - at < MINUTE), now];
    this.#settings.trace.debug("gap", { channel: this.address.path, detail: reason });
    this.#consumer.gap({ channel: this.address.path, reason, after });
    if (this.#gaps.length > MOST_GAPS) this.close("gap-loop");
    // The handler may have closed us, too.
    if (this.#phase === "closed") return false;
    if (!this.#consumer.wantsSnapshot && (reason === "trimmed" || !this.#needsPage)) return true;
    if (this.#phase === "joined") this.#passed = this.#settings.carried();
    this.#cursor = null;
    this.#begun = false;
    if (this.#gaps.length === MOST_GAPS) this.#loadLater(this.#backoff.afterFailure(), "gap");
    else this.#load();
    return false;
  }

  /** @param stale whether a page has just brought nothing new */
  #tryJoin(stale = false): void {
    if (this.#phase !== "waiting" || this.#passed === null) return;
    this.#cursor ??= this.#passed;
    // Positions of different epochs cannot be compared; the stream's own may have come into ours meanwhile.
    const target =
      this.#passed.epoch === this.#cursor.epoch ? this.#passed : (this.#settings.carried() ?? this.#passed);
    if (this.#mustLook || !covers(this.#cursor, target)) {
      if (!stale) return this.#load();
      return this.#loadLater(Math.min(STALE_RETRY_LONGEST, STALE_RETRY * 2 ** this.#stale++));
    }
    this.#phase = "joined";
    this.#begun = true;
    this.#trouble = null;
    this.#stale = 0;
    this.#settings.trace.debug("join", { channel: this.address.path, id: formatCursor(this.#cursor) });
    this.#report();
  }

  /** @param reason what the last page failed of; none where it only brought nothing new */
  #loadLater(milliseconds: number, reason?: Reason): void {
    const { clock } = this.#settings;
    this.#phase = "loading";
    this.#trouble = reason === undefined ? null : { state: "retrying", reason, at: clock.now() + milliseconds };
    this.#cancelRetry();
    this.#cancelRetry = clock.setTimeout(() => this.#load(), milliseconds);
    this.#report();
  }

  #load(): void {
    const { pages, status, trace } = this.#settings;
    const turn = ++this.#turn;
    const after = this.#cursor;
    const { value } = status;
    this.#cancelRetry();
    this.#phase = "loading";
    this.#mustLook = false;
    this.#report();
    // Without a network there is nothing to ask; the stream will know when it is back.
    if (value.state === "retrying" && value.reason === "offline") {
      this.#trouble = value;
      return;
    }
    trace.debug("page", { channel: this.address.path, ...(after === null ? {} : { id: formatCursor(after) }) });
    pages.load(this.address, after, after === null && this.#consumer.wantsSnapshot).then(
      (page) => turn === this.#turn && this.#take(page),
      (error: unknown) => turn === this.#turn && this.#onFailure(error),
    );
  }

  #take(page: ChannelPage): void {
    const turn = this.#turn;
    if (page.refused === "forbidden") return this.close("forbidden");
    if (page.refused === "unknown") return this.#loadLater(UNKNOWN_RETRY, "unknown");
    this.#backoff.forget();
    this.#freshTokenTried = false;
    this.#trouble = null;
    if (page.gap !== undefined && !this.#fall(page.gap)) return;
    const before = this.#cursor;
    if (page.state !== undefined) this.#consumer.snapshot(page.state.value);
    for (const item of page.items) if (turn !== this.#turn || !this.#offer(item)) return;
    // A handler has closed us.
    if (turn !== this.#turn) return;
    this.#advance(page.cursor);
    if (page.more) return this.#load();
    this.#phase = "waiting";
    this.#tryJoin(before !== null && page.cursor !== null && covers(before, page.cursor));
    this.#report();
  }

  #onFailure(error: unknown): void {
    if (!(error instanceof Refusal)) {
      // Whatever else is thrown is what a fetch throws while it reads.
      const code = error instanceof StreamError ? error.code : "network";
      if (error instanceof StreamError && code !== "network" && code !== "timeout") this.#settings.onError(error);
      const reason = code === "timeout" || code === "bad-response" ? code : "network";
      return this.#loadLater(this.#backoff.afterFailure(), reason);
    }
    const { reason, problem, retryAfter } = error;
    if (reason === "unauthenticated" && !this.#freshTokenTried) {
      this.#freshTokenTried = true;
      return this.#loadLater(this.#backoff.soon(), reason);
    }
    if (reason === "unavailable") return this.#loadLater(this.#backoff.afterFailure(retryAfter), reason);
    if (reason === "unknown") {
      // Where only others are meant, we ask again without them.
      const meant = problem.channels?.includes(this.address.path) ?? true;
      return this.#loadLater(meant ? UNKNOWN_RETRY : this.#backoff.soon(), reason);
    }
    if (reason === "rejected") this.#settings.onError(error.toError(`a page of ${this.address.path}`));
    this.close(reason);
  }
}
