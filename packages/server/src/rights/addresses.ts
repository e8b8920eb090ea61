import { parseAddress, type Address, type Contract } from "@tidings/contract";

/** How many addresses are remembered. A path is short, so they take a few megabytes at most. */
const MOST_REMEMBERED = 10_000;

/** The addresses that requests name. All who follow the same path get the same address. */
export interface Addresses {
  /** The address of a path; null if the contract has none. */
  find(path: string): Address | null;
}

export function createAddresses(contract: Contract): Addresses {
  const byPath = new Map<string, Address>();

  function remember(address: Address): Address {
    // The parts that follow an address keep it. So only the sharing is lost.
    if (byPath.size === MOST_REMEMBERED) byPath.clear();
    // A hook must not change what others get.
    Object.freeze(address.params);
    byPath.set(address.path, Object.freeze(address));
    return address;
  }

  return {
    find(path) {
      const known = byPath.get(path);
      if (known !== undefined) return known;
      const address = parseAddress(contract, path);
      return address === null ? null : remember(address);
    },
  };
}
