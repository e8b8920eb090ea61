import { createClient, type Client } from "@tidings/client";
import type { Contract, SnapshotName } from "@tidings/contract";
import { memoryLog, type EventLog } from "@tidings/log";
import { checkType } from "@tidings/protocol/checks";
import { createHub, type Hub, type HubOptions, type SnapshotLoader, type Viewer } from "@tidings/server";
import { Delivery } from "./delivery.ts";
import { keepOpen } from "./keep-open.ts";
import { MemoryNetwork } from "./memory-network.ts";
import { controlNetwork, type TestNetwork } from "./network-control.ts";
import { SettledQueue } from "./settled-queue.ts";
import { registerLoop } from "./take.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** The options of `createHub`, all of them optional. The kit provides clock, random numbers and authentication. */
export type TestKitOptions<C extends Contract, V extends Viewer> = Partial<
  Omit<HubOptions<C, V>, "authenticate" | "clock" | "random" | "log" | "snapshot">
> & {
  /** The loaders of the channels whose snapshot the test needs. @default none */
  readonly snapshot?: { readonly [Name in SnapshotName<C>]?: SnapshotLoader<C, Name> };
  /** @default memoryLog in the kit's time */
  readonly log?: EventLog;
  /** The viewer of `kit.client`. @default { id: "viewer" } */
  readonly viewer?: V;
};

/**
 * The part of a hub that tests use. Each call that returns a promise runs when everything before it has settled. Use
 * `take` for the items of `events`.
 */
export type TestHub<C extends Contract> = Pick<
  Hub<C>,
  "publish" | "publishAll" | "end" | "lease" | "stop" | "clear" | "events" | "disconnect" | "recheck" | "stats"
>;

/** A hub and clients in one process, without sockets and in virtual time. */
export interface TestKit<C extends Contract, V extends Viewer = Viewer> extends AsyncDisposable {
  readonly hub: TestHub<C>;
  readonly client: Client<C>;
  /**
   * Creates another client, with connections of its own.
   * @param viewer the viewer of the client @default the kit's viewer
   */
  connect(viewer?: V): Client<C>;
  readonly clock: {
    /** The time of day, in milliseconds since 1970. */
    now(): number;
    /**
     * Lets time pass: heartbeats, polls, retries and expiries happen when they are due. Resolves when everything has
     * settled.
     */
    advance(milliseconds: number): Promise<void>;
    /**
     * Lets the machine sleep, as a laptop that is closed: time passes, and no timer runs. It wakes at the next
     * `advance`, which runs the timers that are late.
     */
    sleep(milliseconds: number): void;
    /** Sets the time of day forward, or back with a negative number. No timer notices. */
    jump(milliseconds: number): void;
  };
  readonly network: TestNetwork;
  /** The hub says `bye` with the reason `draining` on every stream; then a new hub on the same log answers. */
  restartServer(): Promise<void>;
  /**
   * The hub says `bye` with the reason `expired` on the viewer's streams; its clients reconnect within a second.
   * @param viewer @default the kit's viewer
   */
  expireViewer(viewer?: V): Promise<void>;
  /**
   * Lets up to two minutes pass until every subscription has received all reliable events that were published since it
   * was live. After a gap or a snapshot, only the events after it count. A loop has to have received every event before
   * the last one that was taken.
   *
   * @throws Error that names the missing events
   */
  expectNothingLost(): Promise<void>;
}

/**
 * Creates a hub and a client of a contract.
 *
 * @example
 * await using kit = await createTestKit(chat);
 * const events = kit.client.events(room);
 * kit.network.drop();
 * await kit.hub.publish(room, "message", message);
 * expect(await take(events, 1)).toMatchObject([{ type: "message" }]);
 */
export async function createTestKit<C extends Contract, V extends Viewer = Viewer>(
  contract: C,
  options: TestKitOptions<C, V> = {},
): Promise<TestKit<C, V>> {
  checkType("contract", contract ?? null, "object");
  checkType("options", options, "object");
  // `Kit` works with any contract and any viewer. This signature has checked what depends on the types of both.
  const kit = new Kit(contract, options as unknown as TestKitOptions<Contract, Viewer>);
  await kit.clock.advance(0);
  return kitOf(kit) as unknown as TestKit<C, V>;
}

/** What tests get. Its methods work without it, as those of `const { connect } = await createTestKit(chat)`. */
function kitOf(kit: Kit): TestKit<Contract> {
  const { hub, client, clock, network } = kit;
  return {
    hub,
    client,
    clock,
    network,
    connect: (viewer) => kit.connect(viewer),
    restartServer: () => kit.restartServer(),
    expireViewer: (viewer) => kit.expireViewer(viewer),
    expectNothingLost: () => kit.expectNothingLost(),
    [Symbol.asyncDispose]: () => kit.close(),
  };
}

/** The header that names the viewer of a request. */
const VIEWER = "tidings-test-viewer";

class Kit {
  readonly hub: TestHub<Contract>;
  readonly client: Client<Contract>;
  readonly clock: TestKit<Contract>["clock"];
  readonly network: TestNetwork;
  readonly #contract: Contract;
  readonly #options: TestKitOptions<Contract, Viewer>;
  readonly #log: EventLog;
  readonly #virtualClock = new VirtualClock();
  readonly #memoryNetwork = new MemoryNetwork();
  readonly #queue = new SettledQueue(this.#virtualClock);
  readonly #delivery: Delivery;
  readonly #viewers = new Map<string, Viewer>();
  readonly #clients: Client<Contract>[] = [];
  #hub: Hub<Contract>;

  constructor(contract: Contract, options: TestKitOptions<Contract, Viewer>) {
    this.#contract = contract;
    this.#options = options;
    this.#log = options.log ?? memoryLog({ now: this.#virtualClock.now });
    this.#delivery = new Delivery(contract, this.#queue);
    this.#hub = this.#openHub();
    this.#memoryNetwork.listener = (request) => this.#hub.handle(request);
    this.network = controlNetwork(this.#memoryNetwork, this.#queue);
    this.clock = {
      now: this.#virtualClock.now,
      advance: (milliseconds) => this.#queue.run(() => this.#virtualClock.advance(milliseconds)),
      sleep: (milliseconds) => this.#virtualClock.sleep(milliseconds),
      jump: (milliseconds) => this.#virtualClock.jump(milliseconds),
    };
    this.hub = {
      publish: (...event) =>
        this.#delivery.record([{ address: event[0], type: event[1] }], () => this.#hub.publish(...event)),
      publishAll: (batch) => this.#delivery.record(batch, () => this.#hub.publishAll(batch)),
      end: (...end) => this.#queue.run(() => this.#hub.end(...end)),
      lease: (...lease) => this.#queue.run(() => this.#hub.lease(...lease)),
      stop: (...stop) => this.#queue.run(() => this.#hub.stop(...stop)),
      clear: (...value) => this.#queue.run(() => this.#hub.clear(...value)),
      events: (...given) => {
        const loop = this.#hub.events(...given);
        registerLoop(loop, this.#queue);
        return loop;
      },
      disconnect: (selector) => this.#queue.run(() => this.#hub.disconnect(selector)),
      recheck: (selector) => this.#queue.run(() => this.#hub.recheck(selector)),
      stats: () => this.#hub.stats(),
    };
    this.client = this.connect();
  }

  connect(viewer: Viewer = this.#viewer): Client<Contract> {
    checkType("viewer", viewer, "object");
    checkType("viewer.id", viewer.id ?? null, "string");
    this.#viewers.set(viewer.id, viewer);
    const client = createClient(this.#contract, {
      url: "http://kit.test/events",
      headers: { [VIEWER]: encodeURIComponent(viewer.id) },
      fetch: this.#memoryNetwork.fetch,
      clock: this.#virtualClock,
      random: () => 0.5,
    });
    this.#clients.push(client);
    return this.#delivery.watch(client);
  }

  restartServer(): Promise<void> {
    return this.#queue.run(async () => {
      const previous = this.#hub;
      this.#hub = this.#openHub();
      await previous.close();
    });
  }

  expireViewer({ id } = this.#viewer): Promise<void> {
    return this.hub.disconnect({ viewer: id });
  }

  expectNothingLost(): Promise<void> {
    return this.#delivery.expectAll();
  }

  async close(): Promise<void> {
    await this.#queue.run(async () => {
      for (const client of this.#clients) client.close();
      await this.#hub.close();
      await this.#log.close();
    });
  }

  get #viewer(): Viewer {
    return this.#options.viewer ?? { id: "viewer" };
  }

  #openHub(): Hub<Contract> {
    const { viewer: _, log: _log, ...options } = this.#options;
    const withSnapshot = Object.values(this.#contract).filter((channel) => channel.snapshot !== undefined);
    const missing = Object.fromEntries(withSnapshot.map(({ name }) => [name, () => missingSnapshot(name)]));
    return createHub(this.#contract, {
      authorize: () => true,
      ...options,
      snapshot: { ...missing, ...options.snapshot },
      log: keepOpen(this.#log),
      authenticate: ({ headers }) => this.#viewers.get(decodeURIComponent(headers.get(VIEWER) ?? "")) ?? null,
      clock: this.#virtualClock,
      random: () => 0.5,
      // Which snapshots are needed depends on the contract's type, which is not known here.
    } as HubOptions<Contract, Viewer> & { readonly log: EventLog });
  }
}

/** The loader of a channel for which the test has given none. */
function missingSnapshot(name: string): never {
  throw new Error(`Expected a loader for channel "${name}" in the option "snapshot" of createTestKit, got none.`);
}
