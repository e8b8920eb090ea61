import { setTimeout as delay } from "node:timers/promises";
import type { TcpProxy } from "../../tcp-proxy.ts";
import { pick, repeatByWeight } from "./chance.ts";
import type { ServerPair } from "./server-pair.ts";

/** The longest pause between two faults, in milliseconds. */
const PAUSE = 1_500;
/** How long a fault lasts at most, in milliseconds. */
const LONGEST = 2_000;
/** After how many bytes a connection is cut at the latest. */
const CUT_AFTER = 6_000;

interface Fault {
  readonly name: string;
  /** Resolves when the fault is over, or when it will end by itself. */
  readonly happen: () => Promise<void> | void;
}

/** Random faults of the servers and of the connections to them. */
export class RandomFaults {
  /** How often each has happened, by name. */
  readonly counts: Record<string, number> = {};
  readonly #proxy: TcpProxy;
  readonly #kinds: readonly Fault[];
  /** Faults that have to happen, whatever the chance. */
  readonly #certain: Fault[];

  /** @param more faults of where the servers keep their data, with their weights */
  constructor(proxy: TcpProxy, servers: ServerPair, more: readonly (readonly [weight: number, fault: Fault])[]) {
    this.#proxy = proxy;
    const kill = { name: "kills", happen: () => servers.kill() };
    this.#certain = [...more.map(([, fault]) => fault), kill, kill];
    this.#kinds = repeatByWeight<Fault>([
      [6, kill],
      [2, { name: "replaced", happen: () => servers.replace() }],
      [4, { name: "cuts", happen: () => proxy.cut() }],
      [4, { name: "cut short", happen: () => this.#cutShort() }],
      [3, { name: "refused", happen: () => this.#refuse() }],
      // It takes half a minute until a client notices.
      [1, { name: "half open", happen: () => proxy.mute() }],
      ...more,
    ]);
  }

  async happenUntil(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const { name, happen } = this.#certain.shift() ?? pick(this.#kinds);
      await happen();
      this.counts[name] = (this.counts[name] ?? 0) + 1;
      await delay(Math.random() * PAUSE);
    }
  }

  async #cutShort(): Promise<void> {
    this.#proxy.cutAfter(1 + Math.floor(Math.random() * CUT_AFTER));
    // Only new connections are cut short, so all have to reconnect.
    this.#proxy.cut();
    await delay(Math.random() * LONGEST);
    this.#proxy.cutAfter(Infinity);
  }

  async #refuse(): Promise<void> {
    this.#proxy.refuse();
    this.#proxy.cut();
    await delay(Math.random() * LONGEST);
    this.#proxy.accept();
  }
}
