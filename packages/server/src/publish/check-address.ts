import { ContractError, parseAddress, type Address, type Contract } from "@tidings/contract";
import { typeNameOf } from "@tidings/protocol/checks";

/** Programs without types may pass the channel itself, a path, or nothing. @throws ContractError `unknown-channel` */
export function checkAddress(address: unknown): void {
  if (typeNameOf(address) === "object" && typeof (address as Partial<Address>).path === "string") return;
  const got =
    typeof address === "function" ? "the channel function itself; call it with its params" : typeNameOf(address);
  throw new ContractError("unknown-channel", `Expected an address such as chat.room({ roomId }), got ${got}.`);
}

/** The address as the contract reads its path. @throws ContractError `unknown-channel` for one of another contract */
export function addressOf(contract: Contract, address: Address): Address {
  checkAddress(address);
  const { path, name } = address;
  const found = parseAddress(contract, path);
  // Another contract may have the same path, with other events.
  if (found?.name === name) return found;
  const mismatch = `Expected an address of this contract (${Object.keys(contract).join(", ")})`;
  const got = `got the path ${JSON.stringify(path)} of the channel ${JSON.stringify(name)}`;
  throw new ContractError("unknown-channel", `${mismatch}, ${got}; make it with the contract's channel function.`);
}
