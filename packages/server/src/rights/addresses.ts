import { parseAddress, type Address, type Contract } from "@tidings/contract";
import type { Clock } from "@tidings/protocol/clock";

/** How many addresses one half of what is remembered has. A path is short, so all take a few megabytes at most. */
const MOST_IN_HALF = 5_000;
/** When a half is begun anew, in milliseconds. An address that nobody asks for is forgotten after twice this time. */
const HALF_TIME = 300_000;

interface AddressesNeeds {
  readonly contract: Contract;
  readonly clock: Pick<Clock, "monotonic">;
}

/** The addresses that requests name. All who follow the same path get the same address. */
export interface Addresses {
  /** The address of a path; null if the contract has none. */
  find(path: string): Address | null;
}

/**
 * The parts that follow an address keep it. So only the sharing is lost when one is forgotten, and a job that has
 * ended leaves nothing behind.
 */
export function createAddresses({ contract, clock }: AddressesNeeds): Addresses {
  let newer = new Map<string, Address>();
  let older: ReadonlyMap<string, Address> = new Map();
  let begunAt = clock.monotonic();

  function remember(address: Address): Address {
    const now = clock.monotonic();
    if (newer.size === MOST_IN_HALF || now - begunAt >= HALF_TIME) {
      older = newer;
      newer = new Map();
      begunAt = now;
    }
    newer.set(address.path, address);
    return address;
  }

  function parse(path: string): Address | null {
    const address = parseAddress(contract, path);
    if (address === null) return null;
    // A hook must not change what others get.
    Object.freeze(address.params);
    return Object.freeze(address);
  }

  return {
    find(path) {
      const recent = newer.get(path);
      if (recent !== undefined) return recent;
      const address = older.get(path) ?? parse(path);
      return address === null ? null : remember(address);
    },
  };
}
