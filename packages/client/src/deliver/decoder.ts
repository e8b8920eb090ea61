import { decode, type Address, type AnyChannel, type Contract, type Schema } from "@tidings/contract";
import type { PageBody, PageEvent } from "@tidings/protocol";
import type { Settings } from "../options.ts";
import { toPosition, type Position } from "../state/position.ts";
import { StreamError } from "../stream-error.ts";
import type { Item } from "./item.ts";

/** Reads what the wire carries, as the contract says. */
export interface Decoder {
  /** @throws TypeError for an address of another contract */
  channelOf(address: Address): AnyChannel;
  /**
   * An event or a withdrawal of an address. Null for another address, for a type that this client does not know yet, and for data
   * that does not fit: that is reported.
   * @param json the data, where it is not parsed yet
   */
  item(address: Address, wire: PageEvent, position: Position | null, json?: string): Item | null;
  /** What a page has of one address: first the state, then events. */
  page(address: Address, page: PageBody): Item[];
}

export function createDecoder(
  contract: Contract,
  { validate, onError }: Pick<Settings, "validate" | "onError">,
): Decoder {
  /** Makes an item of what `read` returns, decoded. Null when it does not fit the schema; that is reported. */
  function tryDecode(schema: Schema, label: string, read: () => unknown, toItem: (data: unknown) => Item): Item | null {
    try {
      return toItem(validate ? decode(schema, read(), label) : read());
    } catch (cause) {
      onError(new StreamError("invalid-data", `Skipped ${label}: ${String(cause)}`, { cause }));
      return null;
    }
  }

  function channelOf({ name }: Address): AnyChannel {
    const channel = contract[name];
    if (channel) {
      return channel;
    }
    throw new TypeError(`Expected an address of this contract (${Object.keys(contract).join(", ")}), got "${name}".`);
  }

  function item(address: Address, wire: PageEvent, position: Position | null, json?: string): Item | null {
    const { channel, type } = wire;
    const { name, events } = channelOf(address);
    const definition = events[type];
    if (channel !== address.path || !definition) {
      return null;
    }
    if ("clear" in wire) {
      return position && { kind: "clear", position, cleared: { channel, type, key: wire.clear, id: position.token } };
    }
    const read = () => (json === undefined ? wire.data : JSON.parse(json)) as unknown;
    return tryDecode(definition.schema, `${name}.${type}`, read, (data) => ({
      kind: "event",
      position,
      event: { channel, type, data, id: position?.token ?? null },
      isVolatile: definition.mode === "volatile",
    }));
  }

  return {
    channelOf,
    item,
    page(address, { events, state }) {
      const { name, snapshot } = channelOf(address);
      const given = state?.[address.path];
      const begun =
        snapshot && given !== undefined
          ? tryDecode(
              snapshot,
              `${name}'s snapshot`,
              () => given,
              (data) => ({ kind: "state", position: null, state: data }),
            )
          : null;
      return [begun, ...events.map((wire) => item(address, wire, toPosition(wire.id)))].filter((each) => each !== null);
    },
  };
}
