import { setTimeout as delay } from "node:timers/promises";
import type { TcpProxy } from "../../tcp-proxy.ts";
import { pick, weigh } from "./chance.ts";
import type { Servers } from "./servers.ts";

/** The longest pause between two mishaps, in milliseconds. */
const PAUSE = 1_500;
/** How long the longest lasts that ends by itself. */
const LONGEST = 2_000;
/** Bytes after which a connection that is cut ends at the latest. */
const SHORT = 6_000;

/** Something goes wrong. It resolves when it is over, or when it will end by itself. */
interface Mishap {
  readonly name: string;
  readonly happen: () => Promise<void> | void;
}

/** What goes wrong between the people and their servers, and how often it did. */
export class Mishaps {
  readonly counts: Record<string, number> = {};
  readonly #proxy: TcpProxy;
  readonly #kinds: readonly Mishap[];

  constructor(proxy: TcpProxy, servers: Servers) {
    this.#proxy = proxy;
    this.#kinds = weigh<Mishap>([
      [6, { name: "kills", happen: () => servers.kill() }],
      [2, { name: "replaced", happen: () => servers.replace() }],
      [4, { name: "cuts", happen: () => proxy.cut() }],
      [4, { name: "cut short", happen: () => this.#cutShort() }],
      [3, { name: "refused", happen: () => this.#refuse() }],
      // Nobody is told, so it takes half a minute until somebody notices.
      [1, { name: "half open", happen: () => proxy.mute() }],
    ]);
  }

  async happenUntil(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const { name, happen } = pick(this.#kinds);
      await happen();
      this.counts[name] = (this.counts[name] ?? 0) + 1;
      await delay(Math.random() * PAUSE);
    }
  }

  async #cutShort(): Promise<void> {
    this.#proxy.cutAfter(1 + Math.floor(Math.random() * SHORT));
    // So that there are new connections at all.
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
