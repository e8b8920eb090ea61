import { memoryLog, type EventLog } from "@tidings/log";
import { createHub, type Hub } from "@tidings/server";
import { MemoryNetwork, VirtualClock } from "@tidings/testing";
import { keepOpen } from "../../packages/testing/src/keep-open.ts";
import { contract, type AnyAddress } from "./contract.ts";
import { FakeBrowser, FINE } from "./fake-browser.ts";
import { FakeTab } from "./fake-tab.ts";
import { Published } from "./oracle.ts";
import { Reader } from "./reader.ts";

export type SharingTab = FakeTab<typeof contract>;

/** How many events of an address the log keeps. */
export const KEPT = 12;
/** Milliseconds after which everything has come to rest, whatever has happened. */
const REST = 240_000;
export const VIEWERS = ["ada", "bob"] as const;
const ROOMS = ["a", "b", "c"] as const;

export const rooms = ROOMS.map((roomId) => contract.room({ roomId }));
const addresses: readonly AnyAddress[] = [...rooms, ...VIEWERS.map((userId) => contract.inbox({ userId }))];

/** A browser with some tabs of two viewers, and a hub. */
export class World {
  readonly random: () => number;
  readonly clock = new VirtualClock();
  readonly network = new MemoryNetwork();
  readonly browser: FakeBrowser;
  readonly tabs: SharingTab[] = [];
  readonly readers: Reader[] = [];
  readonly published: Published;
  /** Whether every answer needs a while. */
  isSlow = false;
  #log: EventLog;
  #hub: Hub<typeof contract>;

  constructor(random: () => number) {
    this.random = random;
    this.browser = new FakeBrowser({ random, setTimeout: (task, after) => this.clock.setTimeout(task, after) });
    this.published = new Published(KEPT);
    this.#log = this.#newLog();
    this.#hub = this.#start();
  }

  /** Another log, which has none of the events. */
  replaceLog(): Promise<void> {
    this.#log = this.#newLog();
    this.published.onReplaced();
    return this.restart();
  }

  /** The log forgets what it need not keep. */
  async trim(): Promise<void> {
    await this.#log.trim();
  }

  /** The hub says bye, and another one answers. */
  restart(): Promise<void> {
    const before = this.#hub;
    this.#hub = this.#start();
    return before.close();
  }

  openTab(viewer: string): SharingTab {
    const { browser, network, clock, random } = this;
    const latency = (): number => (this.isSlow ? random() * 400 : 0);
    const tab = new FakeTab({ contract, browser, network, clock, random, viewer, latency });
    this.tabs.push(tab);
    return tab;
  }

  /** A tab follows an address. */
  follow(tab: SharingTab, address: AnyAddress): Reader {
    const reader = new Reader(tab, address, this.published.of(address.path), this.clock.now);
    this.readers.push(reader);
    return reader;
  }

  async publish(address: AnyAddress): Promise<void> {
    const list = this.published.of(address.path);
    await this.#hub.publish(address, "message", { number: list.next });
    list.add();
  }

  async type(address: AnyAddress): Promise<void> {
    await this.#hub.publish(address, "typing", { at: this.clock.now() });
  }

  /** One event on each address. */
  async publishEverywhere(): Promise<void> {
    for (const address of addresses) await this.publish(address);
  }

  /** The tab that holds the lock. Null where it is nobody who lives. */
  get leader(): SharingTab | null {
    return this.tabs.find((tab) => !tab.isDead && this.browser.holders.includes(tab)) ?? null;
  }

  /** Answers that were held back go on. */
  release(): void {
    for (const exchange of this.network.open) exchange.release();
  }

  /** Lets faults end. Returns what was broken: whether everybody has everything, over one stream for each viewer. */
  async faultsAtRest(): Promise<readonly string[]> {
    this.browser.weather = FINE;
    this.isSlow = false;
    for (const tab of this.tabs) {
      if (tab.isFrozen) tab.unfreeze();
    }
    this.release();
    await this.clock.advance(REST);
    await this.publishEverywhere();
    await this.clock.advance(5_000);
    for (const reader of this.readers) reader.check();
    const faults = [...this.readers.flatMap((reader) => reader.faults), ...this.#wrongStreams()];
    await this.#end();
    return this.browser.leftovers > 0 ? [...faults, "channels or locks that are left over"] : faults;
  }

  /** Each viewer has to have one stream over HTTP, with the paths that the tabs follow, once each. */
  #wrongStreams(): readonly string[] {
    const sorted = (paths: Iterable<string>): string => [...new Set(paths)].sort().join(" ");
    return VIEWERS.flatMap((viewer) => {
      const isOwn = ({ viewer: other }: { readonly viewer: string }): boolean => viewer === other;
      const open = this.readers.filter(({ tab, isClosed }) => isOwn(tab) && !tab.isDead && !isClosed);
      const wanted = sorted(open.map(({ path }) => path));
      const streams = this.tabs.filter(isOwn).flatMap((tab) => tab.streams.map(sorted));
      return streams.join(" and ") === wanted
        ? []
        : [`${viewer} wants ${wanted || "nothing"}, and has the streams ${streams.join(" and ") || "none"}`];
    });
  }

  async #end(): Promise<void> {
    for (const tab of this.tabs) {
      if (!tab.isDead) tab.client.close();
    }
    await this.clock.settle();
    await this.#hub.close();
    await this.#log.close();
    await this.clock.advance(60_000);
  }

  #newLog(): EventLog {
    return memoryLog({ now: this.clock.now, random: this.random, keep: { entries: KEPT } });
  }

  #start(): Hub<typeof contract> {
    const hub = createHub(contract, {
      log: keepOpen(this.#log),
      authenticate: ({ headers }) => ({ id: String(headers.get("viewer")) }),
      authorize: ({ name, params, viewer }) => name === "room" || params.userId === viewer.id,
      clock: this.clock,
      random: this.random,
      onLog: () => {},
    });
    this.network.listener = (request) => hub.handle(request);
    return hub;
  }
}
