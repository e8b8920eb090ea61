import { fingerprint, type AddressOf, type ChannelName, type Contract } from "@tidings/contract";
import {
  formatCursor,
  parseCursor,
  parseEventName,
  type ControlEvents,
  type Cursor,
  type EventRequest,
  type ServerSentEvent,
} from "@tidings/protocol";
import type { ClientOptions, TraceRecord } from "./client-options.ts";
import { systemClock } from "./clock.ts";
import { Decoder } from "./decoder.ts";
import { EventQueue } from "./event-queue.ts";
import { HandlerConsumer, type HandlerRecord } from "./handler-consumer.ts";
import type { EventOf, Gap, Handlers, SubscribeOptions } from "./handlers.ts";
import { runtimeNetwork } from "./network.ts";
import { PageLoader } from "./page-loader.ts";
import { Requests } from "./requests.ts";
import type { Reason, Status, Watchable } from "./status.ts";
import { StreamError } from "./stream-error.ts";
import { Stream, UNKNOWN_RETRY } from "./stream.ts";
import { Subscription, toCursor, type Consumer, type Item } from "./subscription.ts";

export interface EventsOptions extends SubscribeOptions {
  /** What to do about a gap; the loop then goes on with what is left. @default the loop throws a StreamError `gap` */
  readonly onGap?: (gap: Gap) => unknown;
}

export interface HistoryOptions {
  /** 1 to 500 events. @default 50 */
  readonly last?: number;
  /** The `id` of the oldest event that is known: asks for older ones. */
  readonly before?: string;
}

/** A batch of history, oldest first. */
export interface History<Event> {
  readonly events: readonly Event[];
  /** Where `subscribe` and `events` go on from, without missing or repeating anything. */
  readonly cursor: string;
  /** Whether there are older events; `before: events[0].id` gets them. */
  readonly more: boolean;
}

/** What `subscribe` returns. */
export interface ClientSubscription {
  readonly status: Watchable<Status>;
  close(): void;
}

/** Follows the channels of a contract over one connection. */
export interface Client<C extends Contract> {
  /** The connection's; each subscription has its own, too. */
  readonly status: Watchable<Status>;
  /** Calls a handler for each event from now on. */
  subscribe<Name extends ChannelName<C>>(
    address: AddressOf<C, Name>,
    handlers: Handlers<C, Name>,
    options?: SubscribeOptions,
  ): ClientSubscription;
  /** The events from now on, for `for await`. A loop that is slow holds up nobody; it lags and misses nothing. */
  events<Name extends ChannelName<C>>(address: AddressOf<C, Name>, options?: EventsOptions): AsyncIterableIterator<EventOf<C, Name>, Reason>;
  /** The newest reliable events, or older ones. @throws StreamError */
  history<Name extends ChannelName<C>>(address: AddressOf<C, Name>, options?: HistoryOptions): Promise<History<EventOf<C, Name>>>;
  /** Ends all subscriptions and the connection. */
  close(): void;
}

/**
 * Creates a client. It connects when something is subscribed.
 *
 * @example
 * const client = createClient(chat, { url: "/events" });
 * client.subscribe(chat.room({ roomId: "lobby" }), { snapshot: show, message: add });
 */
export function createClient<C extends Contract>(contract: C, options: ClientOptions): Client<C> {
  // Inside, a contract is a record of channels; the signature above has checked what depends on it.
  return new StreamClient(contract, options) as Client<Contract> as unknown as Client<C>;
}

/** Milliseconds before a channel that nobody follows any more leaves the stream; it may come back at once. */
const LINGER = 1_000;

class StreamClient implements Client<Contract> {
  readonly #options: ClientOptions;
  readonly #contract: Contract;
  readonly #decoder: Decoder;
  readonly #pages: PageLoader;
  readonly #stream: Stream;
  readonly #subscriptions = new Map<string, Set<Subscription>>();
  /** Paths that the server does not know; left out until a while has passed. */
  readonly #unknown = new Set<string>();
  /** Paths of the running connection, and of the one before it, whose position the next one continues. */
  #followed: ReadonlySet<string> = new Set();
  #asked: ReadonlySet<string> = new Set();
  #cursor: Cursor | null = null;
  #cancelChange: (() => void) | null = null;
  readonly #end = new AbortController();
  #warned = false;

  constructor(contract: Contract, options: ClientOptions) {
    const { clock = systemClock, random = Math.random, network = runtimeNetwork } = options;
    const requests = new Requests(options, clock);
    this.#options = options;
    this.#contract = contract;
    this.#decoder = new Decoder(contract, options.validate ?? true, (error) => this.#onError(error));
    this.#pages = new PageLoader(requests, this.#decoder, this.#end.signal);
    this.#stream = new Stream(
      { requests, clock, random, network, maxEventBytes: options.maxEventBytes ?? 1 << 20 },
      {
        request: () => this.#request(),
        onEvent: (event) => this.#onEvent(event),
        onRefused: (paths, reason) => this.#onRefused(paths, reason),
        onError: (error) => this.#onError(error),
        onClosed: (reason) => this.#onClosed(reason),
      },
    );
  }

  get status(): Watchable<Status> {
    return this.#stream.status;
  }

  subscribe(
    address: AddressOf<Contract, string>,
    handlers: Handlers<Contract, string>,
    options: SubscribeOptions = {},
  ): ClientSubscription {
    // The types have checked the names and arguments of the handlers.
    const record = handlers as unknown as HandlerRecord & { onError?: (error: StreamError) => void };
    const wantsSnapshot = this.#decoder.channel(address).snapshot !== undefined;
    const onError = record.onError ?? ((error: StreamError) => this.#onError(error));
    return this.#add(address, new HandlerConsumer(address.path, record, wantsSnapshot, onError), options.after);
  }

  events(address: AddressOf<Contract, string>, options: EventsOptions = {}): AsyncIterableIterator<EventOf<Contract, string>, Reason> {
    let subscription: Subscription | null = null;
    const queue = new EventQueue(options.onGap, {
      resume: () => subscription?.resume(),
      close: () => subscription?.close(),
    });
    subscription = this.#add(address, queue, options.after);
    return queue as AsyncIterableIterator<EventOf<Contract, string>, Reason>;
  }

  async history(
    address: AddressOf<Contract, string>,
    { last = 50, before }: HistoryOptions = {},
  ): Promise<History<EventOf<Contract, string>>> {
    const body = await this.#pages.fetch({ channels: new Map([[address.path, null]]), last, before: toCursor(before) });
    const items = this.#pages.items(address, body);
    const events = items.flatMap((item) => (item.kind === "event" ? item.event : []));
    return { events: events as EventOf<Contract, string>[], cursor: body.cursor, more: body.more };
  }

  close(): void {
    this.#stream.close("closed");
  }

  #add(address: AddressOf<Contract, string>, consumer: Consumer, after: string | undefined): Subscription {
    const { clock = systemClock, random = Math.random } = this.#options;
    const client = this;
    const settings = {
      pages: this.#pages,
      clock,
      random,
      stream: {
        status: this.#stream.status,
        get cursor() {
          return client.#cursor;
        },
      },
      onClosed: (closed: Subscription) => this.#remove(closed),
    };
    const subscription = new Subscription(address, this.#decoder.channel(address), consumer, settings, toCursor(after));
    if (this.#end.signal.aborted) {
      subscription.close("closed");
      return subscription;
    }
    const others = this.#subscriptions.get(address.path);
    if (others === undefined) this.#subscriptions.set(address.path, new Set([subscription]));
    else others.add(subscription);
    const followed = this.#followed.has(address.path);
    subscription.begin(followed ? this.#cursor : null);
    if (!followed) this.#changeIn(0);
    return subscription;
  }

  #remove(subscription: Subscription): void {
    const { path } = subscription.address;
    const others = this.#subscriptions.get(path);
    others?.delete(subscription);
    if (others?.size !== 0) return;
    this.#subscriptions.delete(path);
    if (!this.#end.signal.aborted) this.#changeIn(LINGER);
  }

  /** Looks again what to follow; several changes in one moment are one. */
  #changeIn(milliseconds: number): void {
    const { clock = systemClock } = this.#options;
    this.#cancelChange?.();
    this.#cancelChange = clock.setTimeout(() => {
      this.#cancelChange = null;
      const wanted = this.#wanted();
      if (wanted.length !== this.#asked.size || wanted.some((path) => !this.#asked.has(path))) this.#stream.change();
    }, milliseconds);
  }

  #wanted(): string[] {
    return [...this.#subscriptions.keys()].filter((path) => !this.#unknown.has(path));
  }

  #request(): EventRequest | null {
    const wanted = this.#wanted();
    this.#asked = new Set(wanted);
    // Nothing to follow: what comes later begins anew.
    if (wanted.length === 0) {
      this.#cursor = null;
      this.#followed = new Set();
      return null;
    }
    this.#followed = new Set(wanted.filter((path) => this.#followed.has(path)));
    if (this.#followed.size === 0) this.#cursor = null;
    return { channels: new Map(wanted.map((path) => [path, null])), after: this.#cursor };
  }

  #onEvent({ event, data, id }: ServerSentEvent): void {
    const cursor = id === null ? null : parseCursor(id);
    const name = parseEventName(event);
    if (name !== null) this.#deliver(name.channel, name.type, data, cursor);
    else this.#control(event, data, cursor);
    // Only now: an id counts when its event is handled.
    if (cursor !== null) this.#cursor = cursor;
    if (event === "hello" || event === "heartbeat") this.#follow();
  }

  #deliver(path: string, type: string, data: string, cursor: Cursor | null): void {
    const subscriptions = this.#of(path);
    const [first] = subscriptions;
    if (first === undefined) return;
    const item = this.#decoder.event(first.address, type, () => JSON.parse(data), cursor);
    if (item === null) return;
    for (const subscription of subscriptions) subscription.onItem(item);
    if (this.#options.debug === true) {
      this.#log("debug", "handled", { channel: path, type, ...(cursor === null ? {} : { id: formatCursor(cursor) }) });
    }
  }

  #control(event: string, data: string, cursor: Cursor | null): void {
    const control = parseControl(event, data);
    switch (control?.name) {
      case "hello":
        this.#stream.setHeartbeat(control.data.heartbeat);
        this.#compare(control.data.contract);
        return;
      case "clear":
        return this.#clear(control.data, cursor);
      case "gap":
        return this.#gap(control.data, cursor);
      case "bye":
        if (control.data.channels === undefined) this.#stream.bye(control.data.reason);
        else this.#onRefused(control.data.channels, control.data.reason === "unknown" ? "unknown" : "forbidden");
    }
  }

  #clear({ channel, type, key }: ControlEvents["clear"], cursor: Cursor | null): void {
    if (cursor === null) return;
    const item: Item = { kind: "clear", cleared: { channel, type, key, id: formatCursor(cursor) }, cursor };
    for (const subscription of this.#of(channel)) subscription.onItem(item);
  }

  #gap({ channels }: ControlEvents["gap"], cursor: Cursor | null): void {
    // Known before the subscriptions hear of it: they start anew from here.
    if (cursor !== null) this.#cursor = cursor;
    for (const [path, reason] of Object.entries(channels)) {
      this.#log("debug", "gap", { channel: path, detail: reason });
      for (const subscription of this.#of(path)) {
        if (cursor === null) subscription.onGap(reason);
        else subscription.onReset(reason, cursor);
      }
    }
    if (cursor !== null) this.#stream.reset();
  }

  /** Channels that are new on this connection begin where it stands. */
  #follow(): void {
    const position = this.#cursor;
    if (position === null) return;
    const fresh = [...this.#asked].filter((path) => !this.#followed.has(path));
    this.#followed = this.#asked;
    for (const path of fresh) for (const subscription of this.#of(path)) subscription.onStart(position);
  }

  #of(path: string): Subscription[] {
    return [...(this.#subscriptions.get(path) ?? [])];
  }

  #onRefused(paths: readonly string[] | null, reason: "forbidden" | "unknown"): void {
    const { clock = systemClock } = this.#options;
    for (const path of paths ?? this.#wanted()) {
      if (reason === "forbidden") {
        for (const subscription of this.#of(path)) subscription.close(reason);
      } else if (!this.#unknown.has(path)) {
        this.#unknown.add(path);
        for (const subscription of this.#of(path)) subscription.onUnknown();
        clock.setTimeout(() => {
          this.#unknown.delete(path);
          if (!this.#end.signal.aborted) this.#changeIn(0);
        }, UNKNOWN_RETRY);
      }
    }
  }

  #onClosed(reason: Reason): void {
    this.#end.abort();
    this.#cancelChange?.();
    for (const subscriptions of [...this.#subscriptions.values()]) {
      for (const subscription of [...subscriptions]) subscription.close(reason);
    }
  }

  #onError(error: StreamError): void {
    if (this.#options.onError === undefined) console.error(error);
    else this.#options.onError(error);
  }

  /** During a deployment the two differ for a while, which is nothing to stop for. */
  #compare(theirs: string): void {
    if (this.#warned || theirs === fingerprint(this.#contract)) return;
    this.#warned = true;
    if (this.#options.debug === true || isDevelopment()) {
      this.#log("warn", "contract", { detail: "The server was built with another contract: unknown events will be skipped. Rebuild both from the same one." });
    }
  }

  #log(level: TraceRecord["level"], event: TraceRecord["event"], rest: Omit<TraceRecord, "level" | "event" | "at">): void {
    if (level === "debug" && this.#options.debug !== true) return;
    const { clock = systemClock, onLog = toConsole } = this.#options;
    onLog({ level, event, at: clock.now(), ...rest });
  }
}

type Control = { [Name in keyof ControlEvents]: { readonly name: Name; readonly data: ControlEvents[Name] } }[keyof ControlEvents];

/** Null for what a newer server may send. */
function parseControl(name: string, json: string): Control | null {
  if (!["hello", "clear", "gap", "bye"].includes(name)) return null;
  try {
    // PROTOCOL.md says what is in them.
    return { name, data: JSON.parse(json) } as Control;
  } catch {
    return null;
  }
}

/** The page is served from the developer's own machine. */
function isDevelopment(): boolean {
  const { hostname } = (globalThis as { location?: { hostname?: string } }).location ?? {};
  return hostname === "localhost" || hostname === "127.0.0.1";
}

function toConsole({ level, event, at: _at, ...rest }: TraceRecord): void {
  console[level](`tidings: ${event}`, rest);
}
