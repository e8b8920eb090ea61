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
export function controlNetwork(network: MemoryNetwork, queue: SettledQueue): TestNetwork {
  function setOnOpen(onOpen: (exchange: Exchange) => void): void {
    void queue.run(() => {
      network.onOpen = onOpen;
    });
  }

  function onEach(act: (exchange: Exchange) => void): void {
    void queue.run(() => {
      for (const exchange of [...network.open]) act(exchange);
    });
  }

  return {
    drop: () => onEach((exchange) => exchange.cut()),
    stall() {
      onEach((exchange) => exchange.hold());
      setOnOpen((exchange) => exchange.hold());
    },
    resume() {
      setOnOpen(() => {});
      onEach((exchange) => exchange.release());
    },
    duplicate: () => onEach((exchange) => exchange.repeat()),
    swallow: () => onEach((exchange) => exchange.swallow()),
  };
}
