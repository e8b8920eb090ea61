import type { AddressOf, ChannelName, Contract, EventData, EventType } from "@tidings/contract";
import type { Entry, Hole, NewEntry } from "@tidings/log";
import { formatCursor, type Cursor } from "@tidings/protocol";
import { systemClock } from "./clock.ts";
import { Connection, type Feed } from "./connection.ts";
import { Connections } from "./connections.ts";
import { createGate } from "./gate.ts";
import type { ConnectionInfo, HubOptions, HubRequest, Viewer } from "./hub-options.ts";
import { checkLimits, checkRange, READ_TIME } from "./limits.ts";
import { CONTROL_CHANNEL, orderEntry, type Selector } from "./order.ts";
import { Orders } from "./orders.ts";
import { Publisher, type Publication, type Published, type PublishOptions } from "./publisher.ts";
import { longRetry } from "./refusal.ts";
import { RequestHandler, type Admission, type HubResponse, type Reception } from "./request-handler.ts";
import { Retention } from "./retention.ts";
import { Ring } from "./ring.ts";
import type { Sink, StreamControl } from "./sink.ts";
import { Snapshots } from "./snapshots.ts";
import { Tailer } from "./tailer.ts";
import { Trace } from "./trace.ts";

/** Joins a contract, a log and the connections of this process. */
export interface Hub<C extends Contract> {
  /**
   * Validates, encodes and appends one event; resolves once the log has it. Delivery is not part of the answer.
   * @throws ContractError when the data does not fit the contract; nothing is appended then
   */
  publish<Name extends ChannelName<C>, Type extends EventType<C, Name>>(
    address: AddressOf<C, Name>,
    type: Type,
    data: EventData<C, Name, Type>,
    options?: PublishOptions,
  ): Promise<Published>;
  /** Appends all events or none, next to each other. */
  publishAll(batch: readonly Publication<C>[]): Promise<readonly Published[]>;
  /** Withdraws the `latest` value of a key. @param key @default the one of events without a key */
  clear<Name extends ChannelName<C>, Type extends EventType<C, Name>>(
    address: AddressOf<C, Name>,
    type: Type,
    key?: string,
  ): Promise<Published>;
  /** Ends the streams of a viewer in every process (they may come back with fresh credentials), or one address on the streams that follow it. */
  disconnect(selector: Selector): Promise<void>;
  /** Asks `authorize` again about running streams, in every process. Call it when rights have changed. */
  recheck(selector: Selector): Promise<void>;
  stats(): HubStats;
  /** Says `bye` on every stream, with a return spread over the drain window, then closes the log. */
  close(): Promise<void>;
  /** What adapters call; use `toNodeHandler`. */
  handle(request: HubRequest): Promise<HubResponse>;
}

export interface HubStats {
  /** Open streams. */
  readonly connections: number;
  /** Channels that somebody follows. */
  readonly channels: number;
  readonly ring: { readonly entries: number; readonly bytes: number; readonly head: string };
  /** Times that the poll found entries of which the doorbell had not told. */
  readonly missedDoorbells: number;
}

/** What one read for one connection may bring: a stalled reader has no more than this waiting. */
const SLICE_BYTES = 64 * 1024;

/**
 * Creates a hub.
 *
 * @throws ContractError `bad-contract` for a schema whose data JSON cannot carry
 * @throws TypeError for options that contradict each other or are out of range
 */
export function createHub<C extends Contract, V extends Viewer = Viewer>(
  contract: C,
  options: HubOptions<C, V>,
): Hub<C> {
  // Inside, a contract is a record of channels and a viewer has an id; the signature above has checked what depends on both.
  return new LogHub(contract, options as unknown as HubOptions<Contract, Viewer>) as Hub<Contract> as Hub<C>;
}

class LogHub implements Hub<Contract> {
  readonly #options: HubOptions<Contract, Viewer>;
  readonly #publisher: Publisher;
  readonly #ring: Ring;
  readonly #connections: Connections;
  readonly #tailer: Tailer;
  readonly #feed: Feed;
  readonly #handler: RequestHandler;
  readonly #retention: Retention;
  readonly #trace: Trace;
  readonly #random: () => number;
  readonly #orders: Orders;
  readonly #drain: number;
  readonly #infos = new Map<Connection, ConnectionInfo<Contract, Viewer>>();
  #ready: Promise<void> | null = null;
  #closing: Promise<void> | null = null;

  constructor(contract: Contract, options: HubOptions<Contract, Viewer>) {
    const { log, clock = systemClock, random = Math.random } = options;
    const limits = checkLimits(options.limits);
    const heartbeat = checkRange("heartbeat", options.heartbeat ?? 15_000, 1_000, 300_000);
    const trace = new Trace(options.debug ?? false, clock.now, options.onLog);
    const ring = new Ring(limits.ringEntries, limits.ringBytes);
    const connections = new Connections(ring, clock, heartbeat, limits);
    const orders = new Orders(contract, options.authorize, connections, clock, trace);
    const reads = createGate(limits.catchUpReads, READ_TIME, clock);
    const page = { entries: limits.pageEvents, bytes: limits.pageBytes };
    this.#options = options;
    this.#drain = checkRange("drain", options.drain ?? 5_000, 500, 60_000);
    this.#publisher = new Publisher(contract, limits.eventBytes);
    this.#ring = ring;
    this.#connections = connections;
    this.#orders = orders;
    this.#trace = trace;
    this.#retention = new Retention(log, clock, trace);
    this.#random = random;
    this.#tailer = new Tailer(log, ring, clock, page, {
      onEntries: (entries, before) => this.#onEntries(entries, before),
      onReset: (entries, holes, before) => this.#onReset(entries, holes, before),
      onError: (error) => trace.add({ level: "error", event: "read-failed", error }),
    });
    this.#feed = {
      log,
      ring,
      clock,
      trace,
      limit: { entries: limits.pageEvents, bytes: SLICE_BYTES },
      reads,
      awaitRing: (connection) => connections.awaitRing(connection),
      onRefused: (connection, paths) => connections.unfollow(connection, paths),
      onClosed: (connection) => this.#onClosed(connection),
    };
    const reception: Reception = {
      contract,
      log,
      ring,
      clock,
      connections,
      orders,
      limits,
      limit: page,
      reads,
      random,
      trace,
      heartbeat,
      snapshots: new Snapshots(contract, options.snapshot ?? {}, log, trace),
      ready: () => this.#start(),
      isDraining: () => this.#closing !== null,
      open: (sink, admission) => this.#open(sink, admission),
    };
    this.#handler = new RequestHandler(reception, options);
    // A log that does not answer yet is asked again by the first request.
    this.#start().catch((error: unknown) => trace.add({ level: "error", event: "read-failed", error }));
  }

  async publish(
    address: AddressOf<Contract, string>,
    type: string,
    data: unknown,
    options?: PublishOptions,
  ): Promise<Published> {
    return this.#append(this.#publisher.entry(address, type, data, options));
  }

  async publishAll(batch: readonly Publication<Contract>[]): Promise<readonly Published[]> {
    const entries = batch.map(({ address, type, data, ...options }) =>
      this.#publisher.entry(address, type, data, options),
    );
    return this.#appendAll(entries);
  }

  async clear(address: AddressOf<Contract, string>, type: string, key = ""): Promise<Published> {
    return this.#append(this.#publisher.clearing(address, type, key));
  }

  async disconnect(selector: Selector): Promise<void> {
    await this.#append(orderEntry("disconnect", selector));
  }

  async recheck(selector: Selector): Promise<void> {
    await this.#append(orderEntry("recheck", selector));
  }

  stats(): HubStats {
    return {
      connections: this.#connections.size,
      channels: this.#connections.paths,
      ring: { ...this.#ring.size, head: formatCursor(this.#ring.head) },
      missedDoorbells: this.#tailer.missedDoorbells,
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeOnce();
    return this.#closing;
  }

  handle(request: HubRequest): Promise<HubResponse> {
    return this.#handler.handle(request);
  }

  async #append(entry: NewEntry): Promise<Published> {
    const [published] = await this.#appendAll([entry]);
    if (published === undefined) throw new Error("Expected the log to answer for every entry, got none.");
    return published;
  }

  async #appendAll(entries: readonly NewEntry[]): Promise<readonly Published[]> {
    const appended = await this.#options.log.append(entries);
    return appended.map(({ cursor, duplicate }, index) => {
      const id = formatCursor(cursor);
      const entry = entries[index];
      if (this.#trace.debugging && entry !== undefined) {
        this.#trace.add({ level: "debug", event: "publish", channel: entry.channel, type: entry.type, id });
      }
      return { id, duplicate };
    });
  }

  #start(): Promise<void> {
    this.#ready ??= this.#startOnce().catch((error: unknown) => {
      this.#ready = null;
      throw error;
    });
    return this.#ready;
  }

  async #startOnce(): Promise<void> {
    await this.#tailer.start();
    void this.#retention.check();
  }

  async #closeOnce(): Promise<void> {
    this.#retention.close();
    this.#tailer.close();
    // Only afterwards, so that nobody comes in between: `isDraining` is true as soon as `close` has returned.
    await Promise.resolve();
    this.#connections.endAll("draining", () => this.#drainRetry());
    this.#connections.wakeAll();
    await this.#options.log.close();
  }

  /** Milliseconds. */
  #drainRetry(): number {
    return 500 + this.#random() * (this.#drain - 500);
  }

  #open(sink: Sink, { beginning, access, orders }: Admission): StreamControl {
    const { viewer } = beginning;
    const connection = new Connection(this.#feed, sink, beginning);
    // Others were let in at the same moment, or the hub was closed: only here is it certain who came first.
    if (this.#closing !== null) connection.end("draining", this.#drainRetry());
    else if (this.#connections.fullFor(viewer.id) !== null) connection.end("limit", longRetry(this.#random()));
    if (connection.isClosed) return connection;
    const info = { viewer, addresses: Array.from(access.granted.values(), ({ address }) => address) };
    this.#connections.add(connection);
    this.#infos.set(connection, info);
    this.#trace.add({ level: "debug", event: "connect", connection: connection.id, viewer: viewer.id });
    this.#trace.guard("onConnect", () => this.#options.onConnect?.(info));
    this.#orders.catchUp(connection, orders);
    connection.pump();
    return connection;
  }

  #onClosed(connection: Connection): void {
    const info = this.#infos.get(connection);
    if (info === undefined) return;
    this.#infos.delete(connection);
    this.#connections.remove(connection);
    this.#trace.add({ level: "debug", event: "disconnect", connection: connection.id, viewer: info.viewer.id });
    this.#trace.guard("onDisconnect", () => this.#options.onDisconnect?.(info));
  }

  #onEntries(entries: readonly Entry[], before: Cursor): void {
    if (this.#trace.debugging) {
      for (const entry of entries) {
        this.#trace.add({
          level: "debug",
          event: "ring",
          channel: entry.channel,
          type: entry.type,
          id: formatCursor(entry),
        });
      }
    }
    this.#connections.onEntries(entries, before);
    this.#orders.follow(entries);
  }

  #onReset(entries: readonly Entry[], holes: readonly Hole[], before: Cursor): void {
    this.#connections.onReset(before);
    this.#orders.follow(entries);
    // An order may be among what was lost; whoever comes back is asked about anew.
    if (holes.some(({ channel }) => channel === CONTROL_CHANNEL)) {
      this.#connections.endAll("expired", () => 500 + this.#random() * 4_500);
    }
  }
}
