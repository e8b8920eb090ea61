import { createClient, type Client } from "@tidings/client";
import type { Contract } from "@tidings/contract";
import { memoryLog, type EventLog } from "@tidings/log";
import { createHub, type Hub, type HubOptions, type Viewer } from "@tidings/server";
import { Delivery } from "./delivery.ts";
import { keepOpen } from "./keep-open.ts";
import { MemoryNetwork } from "./memory-network.ts";
import { NetworkControl, type TestNetwork } from "./network-control.ts";
import { Rest } from "./rest.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** The options of `createHub`, all of them optional; time, chance and who is asking are the kit's. */
export type TestKitOptions<C extends Contract, V extends Viewer> = Partial<
  Omit<HubOptions<C, V>, "authenticate" | "clock" | "random" | "log" | "snapshot">
> & {
  /** Of the channels whose state the test asks for. */
  readonly snapshot?: Partial<HubOptions<C, V>["snapshot"]>;
  /** @default memoryLog in the kit's time */
  readonly log?: EventLog;
  /** Whose client `kit.client` is. @default { id: "viewer" } */
  readonly viewer?: V;
};

/** What of a hub is of use in a test. What it is told happens when everything before has come to rest. */
export type TestHub<C extends Contract> = Pick<
  Hub<C>,
  "publish" | "publishAll" | "clear" | "disconnect" | "recheck" | "stats"
>;

/** A hub and clients in one process, without sockets and without waiting. */
export interface TestKit<C extends Contract, V extends Viewer = Viewer> extends AsyncDisposable {
  readonly hub: TestHub<C>;
  readonly client: Client<C>;
  /** Another client, on connections of its own. @param viewer whom the hub takes it for @default the kit's viewer */
  connect(viewer?: V): Client<C>;
  readonly clock: {
    /** Milliseconds since 1970. */
    now(): number;
    /** Lets time pass: heartbeats, polls, retries and expiries happen when they are due. Resolves when everything has come to rest. */
    advance(milliseconds: number): Promise<void>;
  };
  readonly network: TestNetwork;
  /** The hub says `bye` with the reason `draining` on every stream, and another one answers from then on, on the same log. */
  restartServer(): Promise<void>;
  /** The hub says `bye` with the reason `expired` on the viewer's streams; its clients come back within a second. @default the kit's viewer */
  expireViewer(viewer?: V): Promise<void>;
  /**
   * Lets up to two minutes pass until every reliable event that was published since a subscription was live has reached its handler.
   * A gap or a snapshot excuses what was before; of a loop, what was skipped counts, not what nobody has taken yet.
   * @throws Error that names what is missing
   */
  expectNothingLost(): Promise<void>;
}

/**
 * Makes a hub and a client of a contract.
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
  // Inside, a contract is a record of channels and a viewer has an id; the signature above has checked what depends on both.
  const kit = new Kit(contract, options as unknown as TestKitOptions<Contract, Viewer>);
  await kit.clock.advance(0);
  return kit as unknown as TestKit<C, V>;
}

/** The header that says whose request it is. */
const VIEWER = "tidings-test-viewer";

class Kit implements TestKit<Contract> {
  readonly hub: TestHub<Contract>;
  readonly client: Client<Contract>;
  readonly clock: TestKit<Contract>["clock"];
  readonly network: TestNetwork;
  readonly #contract: Contract;
  readonly #options: TestKitOptions<Contract, Viewer>;
  readonly #log: EventLog;
  readonly #time = new VirtualClock();
  readonly #wires = new MemoryNetwork();
  readonly #rest = new Rest(this.#time);
  readonly #delivery: Delivery;
  readonly #viewers = new Map<string, Viewer>();
  readonly #clients: Client<Contract>[] = [];
  #hub: Hub<Contract>;

  constructor(contract: Contract, options: TestKitOptions<Contract, Viewer>) {
    this.#contract = contract;
    this.#options = options;
    this.#log = options.log ?? memoryLog({ now: this.#time.now });
    this.#delivery = new Delivery(contract, this.#rest);
    this.#hub = this.#open();
    this.#wires.listener = (request) => this.#hub.handle(request);
    this.network = new NetworkControl(this.#wires, this.#rest);
    this.clock = {
      now: this.#time.now,
      advance: (milliseconds) => this.#rest.before(() => this.#time.advance(milliseconds)),
    };
    this.hub = {
      publish: (...event) =>
        this.#delivery.published([{ address: event[0], type: event[1] }], () => this.#hub.publish(...event)),
      publishAll: (batch) => this.#delivery.published(batch, () => this.#hub.publishAll(batch)),
      clear: (...value) => this.#rest.before(() => this.#hub.clear(...value)),
      disconnect: (selector) => this.#rest.before(() => this.#hub.disconnect(selector)),
      recheck: (selector) => this.#rest.before(() => this.#hub.recheck(selector)),
      stats: () => this.#hub.stats(),
    };
    this.client = this.connect();
  }

  connect(viewer: Viewer = this.#viewer): Client<Contract> {
    this.#viewers.set(viewer.id, viewer);
    const client = createClient(this.#contract, {
      url: "http://kit.test/events",
      headers: { [VIEWER]: encodeURIComponent(viewer.id) },
      fetch: this.#wires.fetch,
      clock: this.#time,
      random: () => 0.5,
    });
    this.#clients.push(client);
    return this.#delivery.watch(client);
  }

  restartServer(): Promise<void> {
    return this.#rest.before(async () => {
      const former = this.#hub;
      this.#hub = this.#open();
      await former.close();
    });
  }

  expireViewer({ id } = this.#viewer): Promise<void> {
    return this.hub.disconnect({ viewer: id });
  }

  expectNothingLost(): Promise<void> {
    return this.#delivery.expectAll();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#rest.before(async () => {
      for (const client of this.#clients) client.close();
      await this.#hub.close();
      await this.#log.close();
    });
  }

  get #viewer(): Viewer {
    return this.#options.viewer ?? { id: "viewer" };
  }

  #open(): Hub<Contract> {
    const { viewer: _, log: _log, ...options } = this.#options;
    const snapshot = Object.values(this.#contract)
      .filter((channel) => channel.snapshot !== undefined)
      .map(({ name }) => [name, () => missingSnapshot(name)] as const);
    return createHub(this.#contract, {
      authorize: () => true,
      ...options,
      snapshot: { ...Object.fromEntries(snapshot), ...options.snapshot },
      log: keepOpen(this.#log),
      authenticate: ({ headers }) => this.#viewers.get(decodeURIComponent(headers.get(VIEWER) ?? "")) ?? null,
      clock: this.#time,
      random: () => 0.5,
      // Which channels have one, only the contract itself can say.
    } as HubOptions<Contract, Viewer> & { readonly log: EventLog });
  }
}

function missingSnapshot(name: string): never {
  throw new Error(`Expected a "snapshot" for channel "${name}" in createTestKit, got none.`);
}
