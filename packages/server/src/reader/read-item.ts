import { ContractError, decode, type Address, type Contract } from "@tidings/contract";
import { isEnd, type Entry, type Hole } from "@tidings/log";
import { formatCursor, type Cursor } from "@tidings/protocol";
import type { ClearItem, EndItem, EventItem, GapItem, InvalidItem } from "./reader-item.ts";

type AnyParams = Address["params"];
/** Any item. The types of the hub say which items a loop can get. */
export type AnyItem =
  | EventItem<string, AnyParams, string, unknown>
  | ClearItem<string, AnyParams, string>
  | EndItem<string, AnyParams, unknown>
  | GapItem<string, AnyParams>
  | InvalidItem<string, AnyParams>;

/** The item of an entry. Data that does not fit the contract makes an item, too: nothing is skipped silently. */
export function entryItem(contract: Contract, address: Address, entry: Entry): AnyItem {
  const { type, data, key = "" } = entry;
  const item = itemOf(address, entry);
  try {
    const channel = contract[address.name];
    const schema = isEnd(entry) ? channel?.end : channel?.events[type]?.schema;
    if (schema === undefined) {
      const problem = `Channel "${address.name}": expected an event of this contract, got "${type}".`;
      throw new ContractError("unknown-event", problem);
    }
    if (data === null) return { ...item, kind: "clear", type, key };
    const decoded = decode(schema, JSON.parse(data), `${address.name}.${type}`);
    return isEnd(entry) ? { ...item, kind: "end", data: decoded } : { ...item, kind: "event", type, data: decoded };
  } catch (error) {
    return { ...item, kind: "invalid", type, error };
  }
}

/** @param position where the loop goes on */
export function gapItem(address: Address, { reason }: Hole, position: Cursor): AnyItem {
  return { ...itemOf(address, position), kind: "gap", reason };
}

function itemOf({ name, params, path }: Address, position: Cursor) {
  return { name, params, channel: path, cursor: formatCursor(position) };
}
