import type { Exchange } from "./exchange.ts";
import type { MemoryNetwork } from "./memory-network.ts";
import type { Rest } from "./rest.ts";

/** What can happen to the connections between the clients and the hub. Each happens when everything before has come to rest. */
export interface TestNetwork {
  /** Every connection breaks, and both ends know: clients come back after the `retry` that the hub has given, give or take. */
  drop(): void;
  /** No byte passes any more, in either direction, also on new connections. The hub stops writing when 16 KiB wait; clients hear nothing. */
  stall(): void;
  /** What was held back arrives, and all goes on. */
  resume(): void;
  /** What the hub writes next on each stream arrives twice, as after a proxy that tries again. Handlers must not notice. */
  duplicate(): void;
  /** Every open connection is dead, and neither end is told: what the hub writes is gone. Clients notice after 2.5 heartbeats of silence. */
  swallow(): void;
}

export class NetworkControl implements TestNetwork {
  readonly #network: MemoryNetwork;
  readonly #rest: Rest;

  constructor(network: MemoryNetwork, rest: Rest) {
    this.#network = network;
    this.#rest = rest;
  }

  drop(): void {
    this.#onEach((exchange) => exchange.cut());
  }

  stall(): void {
    this.#onEach((exchange) => exchange.hold());
    void this.#rest.before(() => (this.#network.onOpen = (exchange) => exchange.hold()));
  }

  resume(): void {
    void this.#rest.before(() => (this.#network.onOpen = () => {}));
    this.#onEach((exchange) => exchange.release());
  }

  duplicate(): void {
    this.#onEach((exchange) => exchange.repeat());
  }

  swallow(): void {
    this.#onEach((exchange) => exchange.swallow());
  }

  #onEach(act: (exchange: Exchange) => void): void {
    void this.#rest.before(() => {
      for (const exchange of [...this.#network.open]) act(exchange);
    });
  }
}
