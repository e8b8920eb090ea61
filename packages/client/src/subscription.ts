import type { Address } from "@tidings/contract";
import { coversToken, type GapReason, type PageBody } from "@tidings/protocol";
import type { ClientSubscription } from "./client.ts";
import type { Consumer } from "./consumer.ts";
import type { Context } from "./context.ts";
import { channelOf, decodePage, toCursor, type Item } from "./decoder.ts";
import type { Ending } from "./ending.ts";
import type { Gap } from "./handlers.ts";
import { loadPage } from "./page-loader.ts";
import { createRetry, MINUTE } from "./retry.ts";
import { Cell, type Reason, type Retrying } from "./status.ts";

/** The client's interest in one address: a cursor of its own. */
export interface Subscription extends ClientSubscription {
  readonly address: Address;
  /** The stream follows the address from this position on. */
  onStart(position: string): void;
  onItem(item: Item): void;
  /**
   * The stream has a hole in this address.
   * @param position where it goes on from, when its own position is void; null: after the hole, wherever that is
   */
  onGap(reason: GapReason, position: string | null): void;
  /**
   * The stream goes on from a position into another epoch. Whether what our own pages have brought from after that position still
   * exists, only a page from our own can say.
   */
  onEpoch(position: string): void;
  /** The stream does not follow the address any more. */
  onRefused(reason: Reason): void;
  /** The consumer has room. */
  resume(): void;
  close(reason?: Reason): void;
}

/** A second gap within a minute is a failed attempt, a third ends the subscription. */
const MOST_GAPS = 2;

/**
 * It catches up by pages, and joins the shared stream when its cursor covers whatever the stream has carried past it. A gap, and a
 * consumer without room, make it leave again.
 */
export function createSubscription(
  context: Context,
  address: Address,
  consumer: Consumer,
  wantsSnapshot: boolean,
  after: string | null,
  onLeft: (subscription: Subscription) => void,
): Subscription {
  const { clock, position } = context;
  const channel = address.path;
  /** Whether a beginning has something to fetch: a state, or current values. */
  const beginsByPage =
    wantsSnapshot || Object.values(channelOf(context, address).events).some(({ mode }) => mode === "latest");
  const status = new Cell();
  const retry = createRetry(context, load);
  /**
   * - `loading`: a page is under way, or will be when its time comes
   * - `waiting`: for the stream to follow the address
   * - `joined`: the stream delivers
   * - `paused`: the consumer has no room; also who begins by a page, before it does
   */
  let phase: "loading" | "waiting" | "joined" | "paused" | "closed" = after || beginsByPage ? "paused" : "waiting";
  /** Everything up to here is delivered; null until there is a beginning. */
  let cursor = after;
  /** Whether the next page brings the current values, too, as after a gap. */
  let isFresh = false;
  /** The stream has carried everything up to here past us, undelivered; null while that is not known. */
  let passed: string | null = null;
  /** What a page failed of, and when the next is asked for. */
  let trouble: Retrying | null = null;
  let gaps: number[] = [];
  /** Counts the pages that were asked for: the last one is wanted. */
  let pages = 0;

  /** Live is who has a position: nothing from there on will be missed. */
  function report(): void {
    const { value } = context.status;
    if (phase === "closed" || value.state === "closed") return;
    // A channel that is refused leaves the stream, so the stream's state is not its own.
    const isOwn = value.state === "live" || trouble?.reason === "unknown";
    status.set(isOwn ? (trouble ?? { state: cursor ? "live" : "connecting" }) : value);
  }

  /** False when it was not taken. A repetition counts as taken. */
  function offer({ id, call }: Item): boolean {
    if (coversToken(cursor, id)) return true;
    if (consumer(...call)) {
      cursor = id ?? cursor;
      return true;
    }
    // What has no id cannot be asked for again.
    if (!id) return true;
    if (phase === "joined") {
      // What the stream has carried of other channels only is nothing that we miss.
      advance(position.handled);
      passed = id;
    }
    phase = "paused";
    return false;
  }

  /** Never backwards: a page may come from a server that lags. */
  function advance(to: string | null): void {
    if (!coversToken(cursor, to)) cursor = to ?? cursor;
  }

  /** @param isStale whether a page has just brought nothing new */
  function join(isStale = false): void {
    if (phase !== "waiting" || !passed) return;
    cursor ??= passed;
    // Positions of different epochs cannot be compared. Once the stream has left the one that passed us, its own position counts.
    if (coversToken(cursor, coversToken(position.carried, passed) ? passed : position.carried)) {
      phase = "joined";
      trouble = null;
      report();
    } else if (isStale) onEnding({ reason: "unavailable" });
    else load();
  }

  /** Asks for a page at once, together with others. */
  function load(): void {
    retry.cancel();
    const page = ++pages;
    const start = cursor && !isFresh ? null : (cursor ?? "now");
    loadPage(context, channel, start ? null : cursor, start, !cursor && wantsSnapshot).then(
      (body) => page === pages && take(body),
      (ending: Ending) => page === pages && onEnding(ending),
    );
    phase = "loading";
    report();
  }

  function take(page: PageBody): void {
    const refused = page.refused?.[channel];
    if (refused) return onEnding({ reason: refused });
    const reason = page.gap?.channels[channel];
    if (reason && !fall(reason, toCursor(page.cursor))) return;
    trouble = null;
    isFresh = false;
    const before = cursor;
    // A handler may close us; a queue may be full.
    for (const item of decodePage(context, address, page)) if (isClosed() || !offer(item)) return;
    if (isClosed()) return;
    advance(toCursor(page.cursor));
    const isStale = before === cursor;
    if (!isStale) retry.forget();
    if (page.more) return load();
    phase = "waiting";
    report();
    join(isStale);
  }

  /**
   * Tells a gap, and starts anew where there is something to start from.
   * @param next where it goes on when our own position is void
   * @returns whether delivery goes on as it is
   */
  function fall(reason: GapReason, next: string | null): boolean {
    const isTrimmed = reason === "trimmed";
    const goesOn = !wantsSnapshot && (!beginsByPage || (isTrimmed && isFresh));
    // Where what is left goes on after the current values, the page that brings both tells the gap.
    if (goesOn || wantsSnapshot || !isTrimmed) tell({ channel, reason, after: cursor });
    // The handler may have closed us.
    if (isClosed()) return false;
    if (!isTrimmed) cursor = next ?? cursor;
    if (goesOn) return true;
    // A state is as new as its page. Without one, what comes between the gap and the page is owed.
    if (wantsSnapshot) cursor = null;
    isFresh = true;
    onEnding({ reason: "gap" });
    return false;
  }

  function tell(gap: Gap): void {
    const now = clock.now();
    gaps = [...gaps.filter((at) => now - at < MINUTE), now];
    context.trace("gap", { channel, detail: gap.reason });
    consumer("onGap", gap);
    if (gaps.length > MOST_GAPS) close("gap-loop");
  }

  /** A page has failed, or is not the one that we need. */
  function onEnding(ending: Ending): void {
    const { reason, channels } = ending;
    // Where only others are meant, we ask again without them.
    const isMeant = channels?.includes(channel) ?? true;
    trouble = retry.later(isMeant ? ending : { reason: "unavailable" });
    if (!trouble) return close(reason);
    pages++;
    phase = "loading";
    report();
  }

  function close(reason: Reason = "closed"): void {
    if (isClosed()) return;
    phase = "closed";
    pages++;
    retry.cancel();
    unwatch();
    onLeft(subscription);
    status.set({ state: "closed", reason });
    consumer("onClose", reason);
  }

  /** A function, since the compiler believes that handlers change nothing. */
  function isClosed(): boolean {
    return phase === "closed";
  }

  const unwatch = context.status.subscribe((value) => {
    if (value.state === "closed") return close(value.reason);
    if (value.state === "live") retry.hurry();
    report();
  });
  const subscription: Subscription = {
    address,
    status,
    onStart(start) {
      passed = start;
      join();
    },
    onItem(item) {
      // Who has no beginning yet, and nothing to fetch for one, begins with the first event.
      if (phase === "waiting" && !cursor && item.id) phase = "joined";
      if (phase === "joined") {
        if (offer(item)) report();
      } else if (item.id) {
        passed = item.id;
        join();
      }
    },
    onGap(reason, start) {
      // The handler of another subscription may have closed this one.
      if (isClosed()) return;
      passed = start;
      const { handled } = position;
      // What the stream has carried up to here may have been covered by our own pages long ago.
      const isAhead = cursor !== handled && coversToken(cursor, handled);
      if (phase === "joined" && (start || !isAhead)) fall(reason, start);
      // Our own pages tell, about our own position; one that is under way may be older than the loss.
      else if (phase === "loading" || (cursor && phase !== "paused")) load();
      else join();
    },
    onEpoch(handled) {
      if (phase !== "joined" || cursor === handled || !coversToken(cursor, handled)) return;
      passed = handled;
      load();
    },
    onRefused(reason) {
      passed = null;
      if (!isClosed()) onEnding({ reason });
    },
    resume() {
      if (phase === "paused") load();
    },
    close,
  };
  return subscription;
}
