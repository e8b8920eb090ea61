import type { Exchange } from "./exchange.ts";
import type { MemoryNetwork } from "./memory-network.ts";
import type { SettledQueue } from "./settled-queue.ts";

/** Faults of the connections between clients and hub. Each happens when everything before it has settled. */
export interface TestNetwork {
  /** Breaks every connection; both ends notice. Clients reconnect after about the `retry` that the hub has sent. */
  drop(): void;
  /**
   * Holds back every byte, in both directions, also on new connections. The hub stops writing when 16 KiB wait; clients
   * receive nothing.
   */
  stall(): void;
  /** Delivers everything that was held back, and lets bytes pass again. */
  resume(): void;
  /** Delivers the hub's next write on each stream twice, as a proxy that retries does. Handlers must not notice. */
  duplicate(): void;
  /**
   * Kills every open connection without either end noticing: what the hub writes is lost. Clients notice after 2.5
   * heartbeats of silence.
   */
  swallow(): void;
}

/** Controls a network through the queue of a kit. */
export class NetworkControl implements TestNetwork {
  readonly #network: MemoryNetwork;
  readonly #queue: SettledQueue;

  constructor(network: MemoryNetwork, queue: SettledQueue) {
    this.#network = network;
    this.#queue = queue;
  }

  drop(): void {
    this.#onEach((exchange) => exchange.cut());
  }

  stall(): void {
    this.#onEach((exchange) => exchange.hold());
    this.#setOnOpen((exchange) => exchange.hold());
  }

  resume(): void {
    this.#setOnOpen(() => {});
    this.#onEach((exchange) => exchange.release());
  }

  duplicate(): void {
    this.#onEach((exchange) => exchange.repeat());
  }

  swallow(): void {
    this.#onEach((exchange) => exchange.swallow());
  }

  #setOnOpen(onOpen: (exchange: Exchange) => void): void {
    void this.#queue.run(() => {
      this.#network.onOpen = onOpen;
    });
  }

  #onEach(act: (exchange: Exchange) => void): void {
    void this.#queue.run(() => {
      for (const exchange of [...this.#network.open]) act(exchange);
    });
  }
}
