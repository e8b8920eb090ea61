import type { Address } from "@tidings/contract";
import type { AnyItem } from "../reader/read-item.ts";

/** What presence needs of a hub. The types of its contract have been checked where it was passed. */
export interface PresenceHub {
  publish(
    address: Address,
    type: string,
    data: unknown,
    options?: { readonly expects?: string | null },
  ): Promise<{ readonly id: string }>;
  clear(address: Address, type: string, key: string): Promise<unknown>;
  events(address: Address, options: { readonly after: null; readonly signal: AbortSignal }): AsyncIterable<AnyItem>;
}

/** Gets what has failed. The next renewal repairs it. */
export type Report = (error: unknown) => void;
