import { decode, type Address, type AnyChannel, type Contract, type Schema } from "@tidings/contract";
import type { PageBody, PageEvent } from "@tidings/protocol";
import { END_TYPE, type Mode } from "@tidings/protocol/mode";
import type { Settings } from "../options.ts";
import { toPosition, type Position } from "../state/position.ts";
import { StreamError } from "../stream-error.ts";
import type { Item } from "./item.ts";

/** Reads what the wire carries, as the contract says. */
export interface Decoder {
  /** @throws TypeError for an address of another contract */
  channelOf(address: Address): AnyChannel;
  /** The delivery mode of an event type. Undefined for a type that this client does not know. */
  modeOf(address: Address, type: string): Mode | undefined;
  /**
   * An event, a withdrawal or the end of an address. Null for another address, for a type that this client does not
   * know yet, and for data that does not fit: that is reported.
   */
  item(address: Address, wire: PageEvent, position: Position | null): Item | null;
  /**
   * What a page has of one address, one after the other: first the state, then events. Null for what {@link item}
   * skips. Each is decoded when it is asked for.
   */
  page(address: Address, page: PageBody): Iterable<Item | null>;
}

export function createDecoder(
  contract: Contract,
  { validate, onError }: Pick<Settings, "validate" | "onError">,
): Decoder {
  /**
   * Makes an item of data, decoded. Null when it does not fit the schema; that is reported.
   * @param wire what holds the data. Reading it may fail: it may be JSON that is parsed then
   */
  function tryDecode(
    schema: Schema,
    label: string,
    wire: { readonly data: unknown },
    toItem: (data: unknown) => Item,
  ): Item | null {
    try {
      const { data } = wire;
      return toItem(validate ? decode(schema, data, label) : data);
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

  function item(address: Address, wire: PageEvent, position: Position | null): Item | null {
    const { channel, type } = wire;
    const { name, events, end } = channelOf(address);
    const definition = events[type];
    if (channel !== address.path) {
      return null;
    }
    const id = position?.token ?? null;
    const label = `${name}.${type}`;
    if ("clear" in wire) {
      const isKnown = definition && position;
      return isKnown
        ? { kind: "clear", position, cleared: { channel, type, key: wire.clear, id: position.token } }
        : null;
    }
    if (end && type === END_TYPE) {
      const ending = tryDecode(end, label, wire, (data) => ({
        kind: "end",
        position,
        event: { channel, type, data, id },
      }));
      return ending ?? { kind: "end", position, event: null };
    }
    if (!definition) {
      return null;
    }
    return tryDecode(definition.schema, label, wire, (data) => ({
      kind: "event",
      position,
      event: { channel, type, data, id },
      isVolatile: definition.mode === "volatile",
    }));
  }

  function* page(address: Address, { events, state, cursor }: PageBody): Iterable<Item | null> {
    const { name, snapshot } = channelOf(address);
    const data = state?.[address.path];
    if (snapshot && data !== undefined) {
      yield tryDecode(snapshot, `${name}'s snapshot`, { data }, (decoded) => ({
        kind: "state",
        position: null,
        state: decoded,
        cursor,
      }));
    }
    for (const wire of events) {
      yield item(address, wire, toPosition(wire.id));
    }
  }

  function modeOf(address: Address, type: string): Mode | undefined {
    const { events, end } = channelOf(address);
    return type === END_TYPE && end ? "reliable" : events[type]?.mode;
  }

  return { channelOf, modeOf, item, page };
}
