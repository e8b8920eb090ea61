import { createClient } from "@tidings/client";
import type { Publication } from "@tidings/server";
import { MemoryNetwork, type VirtualClock } from "@tidings/testing";
import type { ClientProgram } from "./client-program.ts";
import { house, placesOf, reliableType, viewers, type Place } from "./contract.ts";
import { Counts } from "./coverage.ts";
import { GOOD, type Weather } from "./faulty-log.ts";
import { Follower, type Seen } from "./follower.ts";
import type { Plan } from "./plan.ts";
import { pick, randomOf } from "./random.ts";
import { Server, type ServerWorld } from "./server.ts";
import type { Store } from "./store.ts";
import { Transaction } from "./transaction.ts";
import { Truth, type Tick } from "./truth.ts";

/** Milliseconds that retention keeps an entry. */
export const AGE = 3_600_000;
const HEARTBEAT = 4_000;
/** The bytes that fill a socket: few, since schedules are short. */
const HIGH_WATER = 2_048;
/** Bytes that may go into a full socket: what ends a stream, or parts of it. */
const FAREWELL = 2_000;

/** Everything that a schedule acts on: servers, clients, the log between them, and what is really true. */
export class World implements ServerWorld {
  readonly clock: VirtualClock;
  readonly truth: Truth;
  readonly store: Store;
  readonly counts = new Counts();
  readonly weather: Weather = { ...GOOD };
  readonly random;
  readonly serverRandom;
  readonly serverOptions;
  readonly age = AGE;
  readonly servers: Server[] = [];
  readonly formerServers: Server[] = [];
  readonly clients: ClientProgram[];
  readonly followers: Follower[] = [];
  /** The first thing that went wrong. */
  trouble: string | null = null;
  /** Whom it happened to, if it was somebody. */
  wronged: Follower | null = null;
  /** By viewer: when its credentials end. */
  readonly expiries = new Map<string, number>();
  /** When the last of all credentials ends, by the clock that does not jump. */
  lastExpiry = 0;
  hasJumped = false;
  /** Reads of the log were slow or failed at some time, so hubs may have been late. */
  hasBadReads = false;
  /** States were slow to load at some time, so who shared a load may have one from before. */
  hasSlowStates = false;
  readonly #clientRandom;
  readonly #writtenAt = new Map<Tick, number>();
  #published = 0;

  constructor(plan: Plan, clock: VirtualClock, store: Store) {
    this.clock = clock;
    this.store = store;
    if (plan.engine === "sqlite") this.counts.add("on SQLite");
    this.truth = new Truth(plan.kept);
    this.random = randomOf(plan.seed ^ 0x5eed);
    this.serverRandom = randomOf(plan.seed ^ 0x5e21);
    this.#clientRandom = randomOf(plan.seed ^ 0xc11e);
    this.serverOptions = { ringEntries: plan.ringEntries, pageEvents: plan.pageEvents, heartbeat: HEARTBEAT };
    for (let index = 0; index < plan.servers; index++) this.servers.push(new Server(this));
    this.clients = viewers.map((viewer) => this.#program(viewer));
  }

  readonly onTrouble = (what: string): void => {
    this.trouble ??= what;
  };

  onSeen(seen: Seen): void {
    this.counts.add(seen.kind === "gap" ? `gap ${seen.gap.reason}` : seen.kind);
    if (seen.kind === "closed") this.counts.add(`closed ${seen.reason}`);
  }

  expiryOf(viewer: string): number | undefined {
    return this.expiries.get(viewer);
  }

  // What is published.

  reliable(place: Place, pad?: string): Publication<typeof house> {
    const data = { n: ++this.#published, ...(pad === undefined ? {} : { pad }) };
    // The type is the one of the place's own channel.
    return { address: place, type: reliableType[place.name], data } as Publication<typeof house>;
  }

  latest(place: Place, at: number): Publication<typeof house> {
    const n = ++this.#published;
    const event =
      place.name === "feed"
        ? { type: "price", data: { n, symbol: pick(["A", "B"], at) } }
        : { type: "topic", data: { n } };
    return { address: place, ...event } as Publication<typeof house>;
  }

  volatile(place: Place): Publication<typeof house> {
    return { address: place, type: "typing", data: { n: ++this.#published } } as Publication<typeof house>;
  }

  /** @param care below a half, the publisher has an idempotency key and tries again until it is heard */
  publish(batch: readonly Publication<typeof house>[], care: number): void {
    const events = care >= 0.5 ? batch : batch.map((event) => ({ ...event, idempotencyKey: `${event.data.n}` }));
    const publish = (attempts: number): void => {
      this.server.hub.publishAll(events).then(
        (published) => this.#acked(events, published),
        () => {
          if (care < 0.5 && attempts > 0) this.clock.setTimeout(() => publish(attempts - 1), 700);
        },
      );
    };
    publish(3);
    // Somebody is in a hurry.
    if (care < 0.2) publish(0);
  }

  /** What the application does with its transaction: begins it, publishes in it, ends it. */
  transact(publications: readonly Publication<typeof house>[], how: number): void {
    const { server } = this;
    const transaction = server.transaction ?? Transaction.begin(this, server);
    if (transaction === null) return;
    const isNew = server.transaction === null;
    server.transaction = transaction;
    if (isNew || how < 0.3) for (const publication of publications) transaction.publish(publication);
    // The others stay open for a while.
    if (how < 0.35) transaction.commit();
    else if (how < 0.6) transaction.rollBack();
  }

  clear(place: Place, at: number): void {
    const cleared =
      place.name === "feed"
        ? this.server.hub.clear(place, "price", pick(["A", "B"], at))
        : place.name === "room"
          ? this.server.hub.clear(place, "topic")
          : null;
    cleared?.catch(() => {});
  }

  // Who follows.

  follow(program: ClientProgram, place: Place, isLoop: boolean): void {
    this.followers.push(new Follower(this, program, place, isLoop));
  }

  setOnline({ connection }: ClientProgram, isOnline: boolean): void {
    this.counts.add(isOnline ? "online" : "offline");
    connection.isOnline = isOnline;
    connection.onNetwork();
  }

  // What becomes of servers and log.

  /** The one that a request or a publisher comes to. */
  get server(): Server {
    return pick(this.servers, this.serverRandom());
  }

  async restart(at: number): Promise<void> {
    this.counts.add("restart");
    const index = Math.floor(at * this.servers.length);
    const [former] = this.servers.splice(index, 1, new Server(this));
    if (former === undefined) return;
    this.formerServers.push(former);
    void former.close();
  }

  crash(at: number, how: number): void {
    this.counts.add("crash");
    const index = Math.floor(at * this.servers.length);
    const [former] = this.servers.splice(index, 1, new Server(this));
    former?.kill();
    // Its machine may be gone with it, or its system closes the sockets.
    for (const { network } of this.clients)
      for (const exchange of network.open)
        if (this.#servedBy.get(exchange) === former) {
          if (how < 0.3) exchange.swallow();
          else exchange.cut(Math.floor(how * 500));
        }
  }

  repeat(at: number): void {
    const open = this.clients.flatMap(({ network }) => [...network.open]);
    if (open.length === 0) return;
    this.counts.add("bytes twice");
    if (this.truth.breaks.length > 0) this.counts.add("bytes twice, and a failover");
    pick(open, at).repeat();
  }

  async failOver(lost: number): Promise<void> {
    const { cluster } = this.store;
    if (cluster === null) return;
    this.counts.add("failover");
    const before = this.#connected();
    await cluster.failOver(lost, (end) =>
      this.truth.broken("failover", end, this.clock.time, new Set([...before, ...this.#connected()])),
    );
  }

  async reset(at: number): Promise<void> {
    const { cluster } = this.store;
    if (at > 0.4 || cluster === null) return;
    this.counts.add("reset");
    await cluster.reset((end) => this.truth.broken("reset", end, this.clock.time, new Set()));
  }

  #connected(): Set<string> {
    return new Set(this.clients.filter(({ network }) => network.open.size > 0).map(({ viewer }) => viewer));
  }

  // What viewers may.

  allow(viewer: string, at: number, isAllowed: boolean): void {
    const place = pick(placesOf(viewer), at);
    if (this.truth.allows(viewer, place.path) === isAllowed) return;
    this.counts.add(isAllowed ? "right given" : "right taken");
    const right = this.truth.allow(viewer, place.path, isAllowed);
    // An order that does not go through is given again.
    const order = (): void =>
      void this.server.hub.recheck({ viewer }).then(
        () => (right.toldAt = this.clock.time),
        () => this.clock.setTimeout(order, 300),
      );
    if (!isAllowed) order();
  }

  disconnect(viewer: string): void {
    this.counts.add("disconnect");
    this.server.hub.disconnect({ viewer }).catch(() => {});
  }

  jump(milliseconds: number): void {
    if (this.lastExpiry > 0) return;
    this.counts.add("clock jump");
    this.hasJumped = true;
    this.clock.jump(milliseconds);
  }

  expire(viewer: string, milliseconds: number): void {
    // By a clock that jumps, nobody could say when they end.
    if (this.hasJumped) return;
    this.counts.add("credentials that end");
    this.expiries.set(viewer, this.clock.now() + milliseconds);
    this.lastExpiry = Math.max(this.lastExpiry, this.clock.time + milliseconds);
    this.clock.setTimeout(() => this.expiries.delete(viewer), milliseconds);
  }

  readonly #servedBy = new Map<unknown, Server>();

  #program(viewer: string): ClientProgram {
    const network = new MemoryNetwork();
    const arrivals: Tick[] = [];
    network.listener = (request, exchange) => {
      const { server } = this;
      this.#servedBy.set(exchange, server);
      return server.hub.handle(request);
    };
    network.onClose = ({ stops, overrun }) => {
      if (stops > 0) this.counts.add("socket full", stops);
      if (overrun > FAREWELL) this.onTrouble(`buffers are bounded: ${overrun} bytes went into a socket that was full`);
    };
    network.onOpen = (exchange) => {
      exchange.highWater = HIGH_WATER;
      if (exchange.isStream) this.truth.connects(viewer, this.clock.time);
      exchange.stamp = () => {
        const tick = this.truth.next();
        this.#writtenAt.set(tick, this.clock.time);
        return tick;
      };
      exchange.onArrival = (tick) => {
        arrivals.push(tick);
        program.lastSentAt = this.#writtenAt.get(tick) ?? 0;
      };
      if (exchange.isStream && exchange.url.includes("after=")) this.counts.add("resume");
    };
    const connection = { isOnline: true, onNetwork: () => {} };
    const client = createClient(house, {
      url: "http://house/events",
      headers: { viewer },
      fetch: network.fetch,
      clock: this.clock,
      random: this.#clientRandom,
      connectTimeout: 5_000,
      network: {
        isOnline: () => connection.isOnline,
        subscribe: (listener) => {
          connection.onNetwork = listener;
          return () => (connection.onNetwork = () => {});
        },
      },
      onError: (error) => {
        if (!["network", "timeout", "refused"].includes(error.code)) this.onTrouble(String(error.stack));
      },
      onLog: () => {},
    });
    const program = { viewer, client, network, arrivals, connection, lastSentAt: 0, changes: 0 };
    client.status.subscribe(() => program.changes++);
    return program;
  }

  #acked(events: readonly Publication<typeof house>[], published: readonly { readonly id: string }[]): void {
    this.counts.add("acked", events.length);
    for (const [index, { id }] of published.entries()) {
      const n = events[index]?.data.n ?? 0;
      if (this.truth.find(n, id) === undefined)
        this.onTrouble(`acked is appended: ${n} was acked as ${id}, and the log does not have it there`);
    }
  }
}
