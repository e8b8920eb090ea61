import type { Client } from "@tidings/client";
import type { MemoryNetwork } from "@tidings/testing";
import type { contract } from "./contract.ts";
import type { Tick } from "./fact.ts";

/** A program of a viewer, and the network that is its own. */
export interface Program {
  readonly viewer: string;
  readonly network: MemoryNetwork;
  /** When the bytes that have reached it were written. */
  readonly arrivals: Tick[];
  /**
   * When the oldest of the bytes were written that have arrived in this moment, in milliseconds since the world began.
   */
  lastSentAt: number;
  /** How many more pieces the network hands to it twice. */
  echoes: number;
  /** How often its connection's status has changed. */
  changes: number;
}

/** A program that uses our client. */
export interface ClientProgram extends Program {
  readonly client: Client<typeof contract>;
  readonly connection: { isOnline: boolean; onNetwork: () => void };
}
