import { fingerprint, type AddressOf, type Contract } from "@tidings/contract";
import {
  formatCursor,
  parseCursor,
  parseEventName,
  type ControlEvents,
  type Cursor,
  type EventRequest,
  type ServerSentEvent,
} from "@tidings/protocol";
import { callSafely } from "./callback.ts";
import type { ClientOptions } from "./client-options.ts";
import type { Client, ClientSubscription, EventsOptions, History, HistoryOptions } from "./client.ts";
import { systemClock } from "./clock.ts";
import { Decoder } from "./decoder.ts";
import { EventQueue } from "./event-queue.ts";
import { HandlerConsumer, type HandlerRecord } from "./handler-consumer.ts";
import type { EventOf, Handlers, SubscribeOptions } from "./handlers.ts";
import { toCursor, type Consumer, type Item } from "./item.ts";
import { runtimeNetwork } from "./network.ts";
import { PageLoader } from "./page-loader.ts";
import { Refusal } from "./refusal.ts";
import { Requests } from "./requests.ts";
import type { Reason, Status, Watchable } from "./status.ts";
import type { StreamError } from "./stream-error.ts";
import { Stream } from "./stream.ts";
import type { SubscriptionSettings } from "./subscription-settings.ts";
import { Subscription, UNKNOWN_RETRY } from "./subscription.ts";
import { Trace } from "./trace.ts";

/** Milliseconds before a channel that nobody follows any more leaves the stream; it may come back at once. */
const LINGER = 1_000;

/** The fields of control events; what a newer or a strange server sends may lack any. */
type ControlData = Partial<ControlEvents["hello"] & ControlEvents["clear"]> &
  Partial<Pick<ControlEvents["bye"], "reason">> & { readonly channels?: unknown };

/** The subscriptions of one client, and what their shared stream follows. */
export class StreamClient implements Client<Contract> {
  readonly #options: ClientOptions & Required<Pick<ClientOptions, "clock">>;
  readonly #contract: Contract;
  readonly #decoder: Decoder;
  readonly #pages: PageLoader;
  readonly #stream: Stream;
  readonly #settings: SubscriptionSettings;
  readonly #trace: Trace;
  readonly #subscriptions = new Map<string, Set<Subscription>>();
  /** Paths that the server does not know and that are left out for a while, with what forgets that. */
  readonly #unknown = new Map<string, () => void>();
  /** Paths of the running connection. */
  #asked = new Set<string>();
  /** Those of them that the position speaks of. The others are new, and begin where the connection does. */
  #followed = new Set<string>();
  /** Everything up to here is handled: where the next connection goes on from. */
  #handled: Cursor | null = null;
  /** The same, with the event that is being handled. */
  #carried: Cursor | null = null;
  #change: { readonly at: number; readonly cancel: () => void } | null = null;
  readonly #end = new AbortController();
  #compared = false;

  constructor(contract: Contract, options: ClientOptions) {
    const { clock = systemClock, random = Math.random, network = runtimeNetwork, maxEventBytes = 1 << 20 } = options;
    const onError = (error: StreamError) => this.#onError(error);
    const requests = new Requests(options, clock);
    this.#trace = new Trace(clock, options);
    this.#options = { ...options, clock };
    this.#contract = contract;
    this.#decoder = new Decoder(contract, options.validate ?? true, onError);
    this.#pages = new PageLoader(requests, this.#decoder, this.#end.signal);
    this.#stream = new Stream(
      { requests, clock, random, network, maxEventBytes },
      {
        request: () => this.#request(),
        onEvent: (event) => this.#onEvent(event),
        onRefused: (paths, reason) => this.#onRefused(paths, reason),
        onEnd: (reason) => this.#trace.debug("end", { detail: reason }),
        onClosed: (reason) => this.#onClosed(reason),
        onError,
      },
    );
    this.#settings = {
      pages: this.#pages,
      clock,
      random,
      status: this.#stream.status,
      handled: () => this.#handled,
      carried: () => this.#carried,
      trace: this.#trace,
      onClosed: (subscription) => this.#remove(subscription),
      onError,
    };
  }

  get status(): Watchable<Status> {
    return this.#stream.status;
  }

  subscribe(
    address: AddressOf<Contract, string>,
    handlers: Handlers<Contract, string>,
    options: SubscribeOptions = {},
  ): ClientSubscription {
    const wantsSnapshot = this.#decoder.channel(address).snapshot !== undefined;
    const onError = handlers.onError?.bind(handlers) ?? this.#settings.onError;
    // The types have checked the names and arguments of the handlers.
    const record = handlers as unknown as HandlerRecord;
    return this.#add(address, new HandlerConsumer(address.path, record, wantsSnapshot, onError), options.after);
  }

  events(
    address: AddressOf<Contract, string>,
    options: EventsOptions = {},
  ): AsyncIterableIterator<EventOf<Contract, string>, Reason> {
    const queue = new EventQueue(address.path, options, this.#settings.onError);
    queue.source = this.#add(address, queue, options.after);
    return queue;
  }

  async history(
    address: AddressOf<Contract, string>,
    { last = 50, before }: HistoryOptions = {},
  ): Promise<History<EventOf<Contract, string>>> {
    this.#decoder.channel(address);
    const asked = { channels: new Map([[address.path, null]]), last, before: toCursor("before", before) };
    const body = await this.#pages.fetch(asked).catch((error: unknown) => {
      throw error instanceof Refusal ? error.toError(`the history of ${address.path}`) : error;
    });
    const events = this.#pages.items(address, body).flatMap((item) => (item.kind === "event" ? item.event : []));
    return { events, cursor: body.cursor, more: body.more };
  }

  close(): void {
    this.#stream.close("closed");
  }

  #add(address: AddressOf<Contract, string>, consumer: Consumer, after: string | undefined): Subscription {
    const { path } = address;
    const channel = this.#decoder.channel(address);
    const subscription = new Subscription(address, channel, consumer, this.#settings, toCursor("after", after));
    const { value } = this.status;
    if (value.state === "closed") {
      subscription.close(value.reason);
      return subscription;
    }
    this.#subscriptions.set(path, (this.#subscriptions.get(path) ?? new Set()).add(subscription));
    subscription.begin(this.#followed.has(path) ? this.#carried : null);
    this.#changeIn(0);
    return subscription;
  }

  #remove(subscription: Subscription): void {
    const { path } = subscription.address;
    const others = this.#subscriptions.get(path);
    if (others?.delete(subscription) !== true || others.size > 0) return;
    this.#subscriptions.delete(path);
    this.#changeIn(LINGER);
  }

  /** Looks again what to follow; several changes in one moment are one. */
  #changeIn(milliseconds: number): void {
    const { clock } = this.#options;
    const at = clock.now() + milliseconds;
    if (this.#end.signal.aborted || (this.#change !== null && this.#change.at <= at)) return;
    this.#change?.cancel();
    const cancel = clock.setTimeout(() => {
      this.#change = null;
      const wanted = this.#wanted();
      if (wanted.length !== this.#asked.size || wanted.some((path) => !this.#asked.has(path))) this.#stream.change();
    }, milliseconds);
    this.#change = { at, cancel };
  }

  #wanted(): string[] {
    return [...this.#subscriptions.keys()].filter((path) => !this.#unknown.has(path));
  }

  #request(): EventRequest | null {
    const wanted = this.#wanted();
    this.#asked = new Set(wanted);
    this.#followed = new Set(wanted.filter((path) => this.#followed.has(path)));
    // The position speaks of nothing that is wanted: what is new begins now.
    if (this.#followed.size === 0) this.#handled = this.#carried = null;
    if (wanted.length === 0) return null;
    this.#trace.debug("connect", { detail: `${wanted.length} channels`, ...idOf(this.#handled) });
    return { channels: new Map(wanted.map((path) => [path, null])), after: this.#handled };
  }

  #onEvent({ event, data, id }: ServerSentEvent): void {
    const cursor = id === null ? null : parseCursor(id);
    const name = parseEventName(event);
    if (name !== null)
      this.#deliver(name.channel, cursor, (address) =>
        this.#decoder.event(address, name.type, () => JSON.parse(data), cursor),
      );
    else this.#control(event, data, cursor);
    // Only now: an id counts when its event is handled.
    if (cursor !== null) this.#handled = this.#carried = cursor;
    if (name === null && cursor !== null) this.#follow();
  }

  #deliver(path: string, cursor: Cursor | null, decode: (address: Subscription["address"]) => Item | null): void {
    this.#follow();
    if (cursor !== null) this.#carried = cursor;
    const subscriptions = this.#of(path);
    const item = subscriptions[0] === undefined ? null : decode(subscriptions[0].address);
    if (item === null) return;
    const about = { channel: path, type: item.kind === "event" ? item.event.type : item.cleared.type, ...idOf(cursor) };
    this.#trace.debug("event", about);
    for (const subscription of subscriptions) subscription.onItem(item);
    this.#trace.debug("handled", about);
  }

  #control(event: string, json: string, cursor: Cursor | null): void {
    const data = parseControl(json);
    if (event === "hello") {
      this.#stream.hello(Number(data.heartbeat));
      this.#compare(data.contract);
    } else if (event === "clear") {
      const { channel = "", type = "", key = "" } = data;
      if (cursor !== null) this.#deliver(channel, cursor, (address) => this.#decoder.clear(address, type, key, cursor));
    } else if (event === "gap") {
      this.#gap(data.channels, cursor);
    } else if (event === "bye" && data.reason !== undefined) {
      const { channels, reason } = data;
      if (Array.isArray(channels) && (reason === "forbidden" || reason === "unknown"))
        this.#onRefused(channels, reason);
      // Whatever else happens to some channels, all of them get over it by coming back.
      else this.#stream.bye(reason);
    }
  }

  #gap(channels: unknown, cursor: Cursor | null): void {
    // Known before the subscriptions hear of it: they start anew from here.
    if (cursor !== null) {
      this.#handled = this.#carried = cursor;
      this.#followed = new Set(this.#asked);
    }
    // PROTOCOL.md has the reasons; an unknown one is only handed on.
    for (const [path, reason] of Object.entries(channels ?? {}) as [
      string,
      ControlEvents["gap"]["channels"][string],
    ][]) {
      for (const subscription of this.#of(path)) {
        if (cursor === null) subscription.onGap(reason);
        else subscription.onReset(reason, cursor);
      }
    }
    if (cursor !== null) this.#stream.reset();
  }

  /** Once it is known where the connection begins, its new channels begin there. */
  #follow(): void {
    if (this.#handled === null || this.#followed.size === this.#asked.size) return;
    const position = this.#handled;
    const fresh = [...this.#asked].filter((path) => !this.#followed.has(path));
    this.#followed = new Set(this.#asked);
    for (const path of fresh) for (const subscription of this.#of(path)) subscription.onStart(position);
  }

  /** A copy: handlers subscribe and close. */
  #of(path: string): Subscription[] {
    return [...(this.#subscriptions.get(path) ?? [])];
  }

  #onRefused(paths: readonly string[] | null, reason: "forbidden" | "unknown"): boolean {
    const { clock } = this.#options;
    const refused = (paths ?? [...this.#asked]).filter((path) => this.#asked.delete(path));
    for (const path of refused) {
      this.#followed.delete(path);
      if (reason === "forbidden") {
        for (const subscription of this.#of(path)) subscription.close(reason);
        continue;
      }
      const cancel = clock.setTimeout(() => {
        this.#unknown.delete(path);
        this.#changeIn(0);
      }, UNKNOWN_RETRY);
      this.#unknown.set(path, cancel);
      for (const subscription of this.#of(path)) subscription.onUnknown(clock.now() + UNKNOWN_RETRY);
    }
    return refused.length > 0;
  }

  #onClosed(reason: Reason): void {
    this.#end.abort();
    this.#change?.cancel();
    for (const cancel of this.#unknown.values()) cancel();
    for (const path of [...this.#subscriptions.keys()])
      for (const subscription of this.#of(path)) subscription.close(reason);
  }

  #onError(error: StreamError): void {
    const { onError = console.error } = this.#options;
    callSafely(() => onError(error));
  }

  /** During a deployment the two differ for a while, which is nothing to stop for. */
  #compare(theirs: string | undefined): void {
    if (this.#compared || theirs === undefined || theirs === fingerprint(this.#contract)) return;
    this.#compared = true;
    this.#trace.warn(
      "contract",
      "The server has another version of the contract; events that only one of them knows are skipped.",
    );
  }
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
