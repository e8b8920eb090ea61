import { fingerprint, type Address, type Contract } from "@tidings/contract";
import {
  formatCursor,
  parseCursor,
  parseEventName,
  type ControlEvents,
  type Cursor,
  type EventRequest,
  type PageEvent,
  type ServerSentEvent,
} from "@tidings/protocol";
import type { ClientOptions } from "./client-options.ts";
import type { EventsOptions, History, HistoryOptions } from "./client.ts";
import { handlerConsumer, type Consumer } from "./consumer.ts";
import { createContext, type Context } from "./context.ts";
import { channelOf, decodeItem, decodePage } from "./decoder.ts";
import { Ending, toEnding } from "./ending.ts";
import { EventQueue } from "./event-queue.ts";
import type { Handlers, ReceivedEvent, SubscribeOptions } from "./handlers.ts";
import { fetchPage } from "./requests.ts";
import { MINUTE } from "./retry.ts";
import type { Reason, Status, Watchable } from "./status.ts";
import { Stream, type StreamOwner } from "./stream.ts";
import { Subscription, type SubscriptionOwner } from "./subscription.ts";

/** Milliseconds before a channel that nobody follows any more leaves the stream; it may come back at once. */
const LINGER = 1_000;

/** The fields of control events; what a newer or a strange server sends may lack any. */
type ControlData = Partial<ControlEvents["hello"] & ControlEvents["clear"]> &
  Partial<Pick<ControlEvents["bye"], "reason">> & { readonly channels?: unknown };

/** Who follows a path, and where it stands on the stream. */
class Track {
  readonly subscriptions = new Set<Subscription>();
  /** The running connection follows it. */
  isAsked = false;
  /** The position speaks of it, too. Else it is new, and begins where the connection does. */
  isFollowed = false;
  /** The server does not know it: it is left out for a while. */
  isUnknown = false;

  get isWanted(): boolean {
    return this.subscriptions.size > 0 && !this.isUnknown;
  }
}

/** The subscriptions of one client, and what their shared stream follows. */
export class StreamClient implements StreamOwner, SubscriptionOwner {
  readonly context: Context;
  /** Where the next connection goes on from. */
  handled: Cursor | null = null;
  carried: Cursor | null = null;
  readonly #stream: Stream;
  readonly #tracks = new Map<string, Track>();
  readonly #timers = new Set<() => void>();
  /** Whether the connection has channels that are not followed yet. */
  #hasNew = false;
  #isCompared = false;

  constructor(contract: Contract, options: ClientOptions) {
    this.context = createContext(contract, options);
    this.#stream = new Stream(this.context, this);
  }

  get status(): Watchable<Status> {
    return this.#stream.status;
  }

  subscribe(address: Address, handlers: Handlers<Contract, string>, { after }: SubscribeOptions = {}): Subscription {
    const wantsSnapshot = channelOf(this.context, address).snapshot !== undefined;
    const onError = handlers.onError?.bind(handlers) ?? this.context.onError;
    return this.#add(address, handlerConsumer(address.path, handlers, wantsSnapshot, onError), after);
  }

  events(address: Address, options: EventsOptions = {}): AsyncIterableIterator<ReceivedEvent, Reason> {
    const queue = new EventQueue(options, this.context.onError);
    queue.source = this.#add(address, queue, options.after);
    return queue;
  }

  async history(address: Address, { last = 50, before }: HistoryOptions = {}): Promise<History<ReceivedEvent>> {
    channelOf(this.context, address);
    const asked = { channels: new Map([[address.path, null]]), last, before: toCursor("before", before) };
    const page = await fetchPage(this.context, asked).catch((thrown: unknown) => {
      throw toEnding(thrown).error ?? thrown;
    });
    const events = decodePage(this.context, address, page).flatMap((item) => ("event" in item ? item.event : []));
    return { events, cursor: page.cursor, more: page.more };
  }

  close(): void {
    this.#stream.close("closed");
  }

  request(): EventRequest | null {
    for (const [path, track] of this.#tracks) {
      track.isAsked = track.isWanted;
      track.isFollowed &&= track.isAsked;
      if (track.subscriptions.size === 0) this.#tracks.delete(path);
    }
    const asked = [...this.#tracks].filter(([, { isAsked }]) => isAsked);
    // The position speaks of nothing that is wanted: what is new begins now.
    if (!asked.some(([, { isFollowed }]) => isFollowed)) this.handled = this.carried = null;
    if (asked.length === 0) return null;
    this.#hasNew = true;
    this.context.trace("debug", "connect", { detail: `${asked.length} channels`, ...idOf(this.handled) });
    return { channels: new Map(asked.map(([path]) => [path, null])), after: this.handled };
  }

  onEvent({ event, data, id }: ServerSentEvent): void {
    const cursor = id === null ? null : parseCursor(id);
    const name = parseEventName(event);
    if (name === null) this.#control(event, data, cursor);
    // Read late: what nobody wants is not parsed, and what is no JSON does not fit the contract either.
    else this.#deliver({ ...name, ...idOf(cursor), data: null }, cursor, () => JSON.parse(data));
    if (cursor === null) return;
    // Only now: an id counts when its event is handled.
    this.handled = this.carried = cursor;
    this.#follow();
  }

  onRefused(paths: readonly string[], reason: Reason): boolean {
    const refused = [...this.#tracks].filter(([path, { isAsked }]) => isAsked && paths.includes(path));
    for (const [path, track] of refused) {
      track.isAsked = track.isFollowed = false;
      track.isUnknown = reason === "unknown";
      this.#later(MINUTE, () => (track.isUnknown = false));
      for (const subscription of this.#of(path)) subscription.onRefused(reason);
    }
    return refused.length > 0;
  }

  onLeft(subscription: Subscription): void {
    const { subscriptions } = this.#tracks.get(subscription.address.path) ?? {};
    if (subscriptions?.delete(subscription) === true && subscriptions.size === 0) this.#later(LINGER);
  }

  onClosed(reason: Reason): void {
    for (const path of this.#tracks.keys()) for (const subscription of this.#of(path)) subscription.close(reason);
    for (const cancel of this.#timers) cancel();
  }

  #add(address: Address, consumer: Consumer, after: string | undefined): Subscription {
    const { path } = address;
    channelOf(this.context, address);
    const subscription = new Subscription(this, address, consumer, toCursor("after", after));
    const { value } = this.status;
    if (value.state === "closed") {
      subscription.close(value.reason);
      return subscription;
    }
    const track = this.#tracks.get(path) ?? new Track();
    this.#tracks.set(path, track);
    track.subscriptions.add(subscription);
    subscription.begin(track.isFollowed ? this.carried : null);
    this.#later(0);
    return subscription;
  }

  /** Looks again what to follow, perhaps after something else: what changes in one moment is one change. */
  #later(milliseconds: number, task: () => unknown = () => {}): void {
    const cancel = this.context.clock.setTimeout(() => {
      this.#timers.delete(cancel);
      task();
      if ([...this.#tracks.values()].some((track) => track.isAsked !== track.isWanted)) this.#stream.change();
    }, milliseconds);
    this.#timers.add(cancel);
  }

  #deliver(event: PageEvent, cursor: Cursor | null, read?: () => unknown): void {
    this.#follow();
    this.carried = cursor ?? this.carried;
    const subscriptions = this.#of(event.channel);
    const address = subscriptions[0]?.address;
    const item = address && decodeItem(this.context, address, event, read);
    if (!item) return;
    const about = { channel: event.channel, type: event.type, ...idOf(cursor) };
    this.context.trace("debug", "event", about);
    for (const subscription of subscriptions) subscription.onItem(item);
    this.context.trace("debug", "handled", about);
  }

  #control(event: string, json: string, cursor: Cursor | null): void {
    const data = parseControl(json);
    const { channels, channel = "", type = "", key = "", reason } = data;
    if (event === "hello") {
      this.#stream.hello(Number(data.heartbeat));
      this.#compare(data.contract);
    } else if (event === "clear") {
      this.#deliver({ channel, type, clear: key, id: cursor === null ? "" : formatCursor(cursor) }, cursor);
    } else if (event === "gap") {
      this.#gap(channels, cursor);
    } else if (event === "bye" && reason !== undefined) {
      const isRefusal = reason === "forbidden" || reason === "unknown";
      if (!isRefusal) this.#stream.end(new Ending(reason));
      else if (Array.isArray(channels)) this.onRefused(channels, reason);
      else this.#stream.end(new Ending(reason, null, { channels: [...this.#tracks.keys()] }));
    }
  }

  #gap(channels: unknown, cursor: Cursor | null): void {
    // Known before the subscriptions hear of it: they start anew from here.
    if (cursor !== null) {
      this.handled = this.carried = cursor;
      for (const track of this.#tracks.values()) track.isFollowed = track.isAsked;
    }
    // PROTOCOL.md has the reasons; an unknown one is only handed on.
    const gaps = Object.entries(channels ?? {}) as [string, ControlEvents["gap"]["channels"][string]][];
    for (const [path, reason] of gaps) for (const subscription of this.#of(path)) subscription.onGap(reason, cursor);
    if (cursor !== null) this.#stream.end(new Ending("gap"));
  }

  /** Once it is known where the connection begins, its new channels begin there. */
  #follow(): void {
    const position = this.handled;
    if (position === null || !this.#hasNew) return;
    this.#hasNew = false;
    for (const [path, track] of this.#tracks) {
      if (track.isFollowed || !track.isAsked) continue;
      track.isFollowed = true;
      for (const subscription of this.#of(path)) subscription.onStart(position);
    }
  }

  /** A copy: handlers subscribe and close. */
  #of(path: string): Subscription[] {
    return [...(this.#tracks.get(path)?.subscriptions ?? [])];
  }

  /** During a deployment the two differ for a while, which is nothing to stop for. */
  #compare(theirs: string | undefined): void {
    if (this.#isCompared || theirs === undefined || theirs === fingerprint(this.context.contract)) return;
    this.#isCompared = true;
    const detail = "The server has another version of the contract; events that only one of them knows are skipped.";
    this.context.trace("warn", "contract", { detail });
  }
}

/**
 * The cursor that an application hands back.
 * @throws TypeError when it is none: to start anywhere else would lose events without a word
 */
function toCursor(name: string, token: string | undefined): Cursor | null {
  const cursor = parseCursor(token ?? "");
  if (cursor === null && token !== undefined)
    throw new TypeError(`Expected "${name}" to be the cursor of a page or the id of an event, got "${token}".`);
  return cursor;
}

function parseControl(json: string): ControlData {
  try {
    return (JSON.parse(json) as ControlData | null) ?? {};
  } catch {
    return {};
  }
}

function idOf(cursor: Cursor | null): { readonly id?: string } {
  return cursor === null ? {} : { id: formatCursor(cursor) };
}
