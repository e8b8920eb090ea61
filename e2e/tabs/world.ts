import { memoryLog, type EventLog } from "@tidings/log";
import { createHub, type Hub } from "@tidings/server";
import { MemoryNetwork, VirtualClock } from "@tidings/testing";
import { keepOpen } from "../../packages/testing/src/keep-open.ts";
import { pick } from "../simulation/random.ts";
import { contract } from "./contract.ts";
import { FakeBrowser } from "./fake-browser.ts";
import { FakeTab } from "./fake-tab.ts";
import { Published } from "./oracle.ts";
import { Reader } from "./reader.ts";

/** How many events of an address the log keeps. */
const KEPT = 12;
const VIEWERS = ["ada", "bob"] as const;
const ROOMS = ["a", "b", "c"] as const;

/** A browser with some tabs of two viewers, and a hub. */
export class World {
  readonly random: () => number;
  readonly clock = new VirtualClock();
  readonly network = new MemoryNetwork();
  readonly browser: FakeBrowser;
  readonly tabs: FakeTab<typeof contract>[] = [];
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

  /** The hub says bye, and another one answers. */
  restart(): Promise<void> {
    const before = this.#hub;
    this.#hub = this.#start();
    return before.close();
  }

  openTab(): void {
    const { browser, network, clock, random } = this;
    const viewer = pick(VIEWERS, random() * 0.75);
    const latency = (): number => (this.isSlow ? random() * 400 : 0);
    this.tabs.push(new FakeTab({ contract, browser, network, clock, random, viewer, latency }));
  }

  /** A tab follows an address. */
  follow(): void {
    const tab = this.anyTab(({ isDead, isFrozen }) => !isDead && !isFrozen);
    if (tab) {
      const address = this.#addressFor(tab.viewer);
      this.readers.push(new Reader(tab, address, this.published.of(address.path), this.clock.now));
    }
  }

  async publish(): Promise<void> {
    const address = this.#addressFor(pick(VIEWERS, this.random()));
    const list = this.published.of(address.path);
    for (let left = 1 + Math.floor(this.random() * 4); left > 0; left--) {
      if (this.random() < 0.2) {
        await this.#hub.publish(address, "typing", { at: this.clock.now() });
      } else {
        await this.#hub.publish(address, "message", { number: list.next });
        list.add();
      }
    }
  }

  /** One event on each address. */
  async publishEverywhere(): Promise<void> {
    for (const address of this.#addresses()) {
      const list = this.published.of(address.path);
      await this.#hub.publish(address, "message", { number: list.next });
      list.add();
    }
  }

  anyTab(fits: (tab: FakeTab<typeof contract>) => boolean): FakeTab<typeof contract> | null {
    const tabs = this.tabs.filter(fits);
    return tabs.length === 0 ? null : pick(tabs, this.random());
  }

  /** By viewer, the paths that the tabs follow, once each, and those of every stream that they have over HTTP. */
  get streams(): readonly (readonly [viewer: string, wanted: string, streams: readonly string[]])[] {
    const sorted = (paths: Iterable<string>): string => [...new Set(paths)].sort().join(" ");
    return VIEWERS.map((viewer) => {
      const isOwn = ({ viewer: other }: { readonly viewer: string }): boolean => viewer === other;
      const open = this.readers.filter(({ tab, isClosed }) => isOwn(tab) && !tab.isDead && !isClosed);
      const streams = this.tabs.filter(isOwn).flatMap((tab) => tab.streams.map(sorted));
      return [viewer, sorted(open.map(({ path }) => path)), streams] as const;
    });
  }

  async end(): Promise<void> {
    for (const tab of this.tabs) {
      if (!tab.isDead) tab.client.close();
    }
    await this.clock.settle();
    await this.#hub.close();
    await this.#log.close();
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
    });
    this.network.listener = (request) => hub.handle(request);
    return hub;
  }

  #addresses() {
    return [
      ...ROOMS.map((roomId) => contract.room({ roomId })),
      ...VIEWERS.map((userId) => contract.inbox({ userId })),
    ];
  }

  #addressFor(viewer: string) {
    return this.random() < 0.25
      ? contract.inbox({ userId: viewer })
      : contract.room({ roomId: pick(ROOMS, this.random()) });
  }
}
