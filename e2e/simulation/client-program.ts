import type { Client } from "@tidings/client";
import type { MemoryNetwork } from "@tidings/testing";
import type { house } from "./contract.ts";
import type { Tick } from "./truth.ts";

/** One client program, and the network that is its own. */
export interface ClientProgram {
  readonly viewer: string;
  readonly client: Client<typeof house>;
  readonly network: MemoryNetwork;
  /** When the bytes that have reached it were written. */
  readonly arrivals: Tick[];
  /** When the bytes were written that it has read last, in milliseconds since the world began. */
  lastSentAt: number;
  /** How often its connection's status has changed. */
  changes: number;
  readonly connection: { isOnline: boolean; onNetwork: () => void };
}
