import { fingerprint, type Address, type Contract } from "@tidings/contract";
import {
  coversToken,
  isCursor,
  parseEventName,
  type ControlEvents,
  type EventRequest,
  type GapReason,
  type PageEvent,
  type ServerSentEvent,
} from "@tidings/protocol";
import type { ClientOptions } from "./client-options.ts";
import type { EventsOptions, History, HistoryOptions } from "./client.ts";
import { handlerConsumer, type Consumer } from "./consumer.ts";
import { createContext } from "./context.ts";
import { channelOf, decodeItem, decodePage, toCursor } from "./decoder.ts";
import { createQueue } from "./event-queue.ts";
import type { Handlers, ReceivedEvent, SubscribeOptions } from "./handlers.ts";
import { fetchPage } from "./page-loader.ts";
import { MINUTE } from "./retry.ts";
import type { Reason } from "./status.ts";
import { createStream } from "./stream.ts";
import { createSubscription, type Subscription } from "./subscription.ts";

/** Milliseconds before a channel that nobody follows any more leaves the stream; it may come back at once. */
const LINGER = 1_000;

/** The fields of control events. What a newer or a strange server sends may lack any, and then finds nobody. */
type ControlData = ControlEvents["hello"] &
  ControlEvents["clear"] &
  Pick<ControlEvents["bye"], "reason"> & { readonly channels: unknown };

/** The subscriptions of one client, and what their shared stream follows. */
export function createStreamClient(contract: Contract, options: ClientOptions) {
  const context = createContext(contract, options);
  const { trace, position, status, ends } = context;
  const subscriptions = new Set<Subscription>();
  /** The paths that the running connection follows. */
  let asked = new Set<string>();
  /** Those of them that the position speaks of, too; the same set, unless some are new, and begin with the next id. */
  let followed = asked;
  /** Those that have had a gap. It lies ahead of the position until a heartbeat says otherwise. */
  const holed = new Set<string>();
  /** Paths that the server does not know: they are left out for a while. */
  const unknown = new Set<string>();
  /** Where the running connection has gone on into another epoch: it never comes back, so what is covered was sent before. */
  let left: string[] = [];

  const stream = createStream(context, request, onEvent, onRefused);

  function add(address: Address, consumer: Consumer, wantsSnapshot: boolean, after: string | undefined): Subscription {
    const { path } = address;
    const subscription = createSubscription(
      context,
      address,
      consumer,
      wantsSnapshot,
      checkCursor("after", after),
      onLeft,
    );
    if (status.value.state === "closed") {
      subscription.close(status.value.reason);
      return subscription;
    }
    subscriptions.add(subscription);
    subscription.resume();
    if (followed.has(path) && !holed.has(path) && position.carried) subscription.onStart(position.carried);
    later(0);
    return subscription;
  }

  function onLeft(subscription: Subscription): void {
    if (subscriptions.delete(subscription)) later(LINGER);
  }

  /** Looks again what to follow, perhaps after something else: what changes in one moment is one change. */
  function later(milliseconds: number, task?: () => unknown): void {
    const cancel = context.clock.setTimeout(() => {
      ends.delete(cancel);
      task?.();
      const wanted = wantedPaths();
      if (wanted.size !== asked.size || [...wanted].some((path) => !asked.has(path))) stream.change();
    }, milliseconds);
    ends.add(cancel);
  }

  function wantedPaths(): Set<string> {
    return new Set(followersOf((path) => !unknown.has(path)).map(({ address }) => address.path));
  }

  function request(): EventRequest | null {
    asked = wantedPaths();
    followed = new Set([...followed].filter((path) => asked.has(path)));
    // The next connection tells them again.
    holed.clear();
    left = [];
    // The position speaks of nothing that is wanted: what is new begins now.
    if (followed.size === 0) position.handled = position.carried = null;
    if (asked.size === 0) return null;
    const { handled } = position;
    trace("connect", { detail: `${asked.size} channels`, ...(handled && { id: handled }) });
    return { channels: new Map([...asked].map((path) => [path, null])), after: handled };
  }

  function onEvent({ event, data, id }: ServerSentEvent): void {
    const cursor = toCursor(id);
    const name = parseEventName(event);
    const { handled } = position;
    if (left.some((each) => coversToken(each, cursor))) return;
    // Of two positions of one epoch, one covers the other.
    if (cursor && handled && !coversToken(cursor, handled) && !coversToken(handled, cursor)) {
      left.push(handled);
      for (const subscription of [...subscriptions]) subscription.onEpoch(handled);
    }
    if (name) deliver({ ...name, data: null, id: cursor ?? "" }, data);
    else control(event, data, cursor);
    if (!cursor) return;
    // Only now: an id counts when its event is handled.
    position.handled = position.carried = cursor;
    const isHeartbeat = event === "heartbeat";
    if (followed === asked && !isHeartbeat) return;
    const begin = followersOf((path) => asked.has(path) && (isHeartbeat || !followed.has(path)));
    followed = asked;
    if (isHeartbeat) holed.clear();
    for (const subscription of begin) subscription.onStart(cursor);
  }

  function deliver(event: PageEvent & { readonly id: string }, json?: string): void {
    const { channel, type, id } = event;
    position.carried = id || position.carried;
    const followers = followersOf((path) => path === channel);
    const items = followers.slice(0, 1).flatMap(({ address }) => decodeItem(context, address, event, json));
    for (const item of items) {
      const about = { channel, type, ...(id && { id }) };
      trace("event", about);
      for (const subscription of followers) subscription.onItem(item);
      trace("handled", about);
    }
  }

  function control(event: string, json: string, cursor: string | null): void {
    const { heartbeat, contract: theirs, channel, type, key, channels, reason } = parseControl(json);
    if (event === "hello") {
      stream.hello(heartbeat);
      // At the beginning only: during a deployment the two differ for a while, which is nothing to stop for.
      if (!position.handled && theirs && theirs !== fingerprint(contract))
        trace("contract", { detail: "The server has another version." }, "warn");
    } else if (event === "clear") deliver({ channel, type, clear: key, id: cursor ?? "" });
    else if (event === "gap") onGap(Object(channels) as Record<string, GapReason>, cursor);
    else if (event === "bye" && reason) {
      const isRefusal = reason === "forbidden" || reason === "unknown";
      if (isRefusal && Array.isArray(channels)) onRefused(channels, reason);
      else stream.end({ reason, ...(isRefusal && { channels: [...asked] }) });
    }
  }

  function onGap(gaps: Readonly<Record<string, GapReason>>, cursor: string | null): void {
    // Known before the subscriptions hear of it: they start anew from here.
    if (cursor) {
      position.handled = position.carried = cursor;
      followed = asked;
    }
    // PROTOCOL.md has the reasons; an unknown one is only handed on.
    for (const [channel, reason] of Object.entries(gaps)) {
      if (!cursor) holed.add(channel);
      for (const subscription of followersOf((path) => path === channel)) subscription.onGap(reason, cursor);
    }
    if (cursor) stream.end({ reason: "gap" });
  }

  function onRefused(paths: readonly string[], reason: Reason): boolean {
    const ours = paths.filter((path) => asked.delete(path));
    for (const path of ours) {
      followed.delete(path);
      if (reason === "unknown") {
        unknown.add(path);
        later(MINUTE, () => unknown.delete(path));
      }
    }
    for (const subscription of followersOf((path) => ours.includes(path))) subscription.onRefused(reason);
    return ours.length > 0;
  }

  /** A copy: handlers subscribe and close. */
  function followersOf(isMeant: (path: string) => boolean): Subscription[] {
    return [...subscriptions].filter(({ address }) => isMeant(address.path));
  }

  return {
    status,
    subscribe(address: Address, handlers: Handlers<Contract, string>, { after }: SubscribeOptions = {}) {
      const wantsSnapshot = channelOf(context, address).snapshot !== undefined;
      const onError = handlers.onError?.bind(handlers) ?? context.onError;
      return add(address, handlerConsumer(address.path, handlers, onError), wantsSnapshot, after);
    },
    events: (address: Address, settings: EventsOptions = {}) =>
      createQueue(settings, context.onError, (consumer) => add(address, consumer, false, settings.after)),
    async history(address: Address, { last = 50, before }: HistoryOptions = {}): Promise<History<ReceivedEvent>> {
      channelOf(context, address);
      const channels = new Map([[address.path, null]]);
      const page = await fetchPage(context, { channels, last, before: checkCursor("before", before) });
      const events = decodePage(context, address, page).flatMap(({ call: [, , event] }) => event ?? []);
      return { events, cursor: page.cursor, more: page.more };
    },
    close: () => stream.close("closed"),
  };
}

/**
 * The cursor that an application hands back.
 * @throws TypeError when it is none: to start anywhere else would lose events without a word
 */
function checkCursor(name: string, token: string | undefined): string | null {
  if (token === undefined || isCursor(token)) return token ?? null;
  throw new TypeError(`Expected "${name}" to be a cursor, as events have, got "${token}".`);
}

function parseControl(json: string): ControlData {
  try {
    return Object(JSON.parse(json)) as ControlData;
  } catch {
    return {} as ControlData;
  }
}
