import { decode, type Address, type AnyChannel, type Contract, type Schema } from "@tidings/contract";
import type { PageBody, PageEvent } from "@tidings/protocol";
import { END_TYPE, type Mode } from "@tidings/protocol/mode";
import type { UnreadableData } from "../handlers.ts";
import type { Settings } from "../options.ts";
import { toPosition, type Position } from "../state/position.ts";
import { StreamError, textOf } from "../stream-error.ts";
import type { Item } from "./item.ts";

/** Reads what the wire carries, as the contract says. */
export interface Decoder {
  /** @throws TypeError for an address of another contract */
  channelOf(address: Address): AnyChannel;
  /** The delivery mode of an event type. Undefined for a type that this client does not know. */
  modeOf(address: Address, type: string): Mode | undefined;
  /**
   * An event, a withdrawal or the end of an address. Null for another address, and for a type that this client does not
   * know yet.
   */
  item(address: Address, wire: PageEvent, position: Position | null): Item | null;
  /**
   * What a page has of one address, one after the other: first the state, then events. Null for what {@link item}
   * skips. Each is decoded when it is asked for.
   */
  page(address: Address, page: PageBody): Iterable<Item | null>;
}

export function createDecoder(contract: Contract, { validate, clock }: Pick<Settings, "validate" | "clock">): Decoder {
  /**
   * Makes an item of data, decoded. An unreadable one when it does not fit the schema.
   * @param wire what holds the data. Reading it may fail: it may be JSON that is parsed then, or too large
   * @param position null where the item leaves no gap
   */
  function tryDecode(
    schema: Schema,
    label: string,
    wire: { readonly data: unknown },
    toItem: (data: unknown) => Item,
    about: Pick<UnreadableData, "channel" | "type">,
    position: Position | null,
    leavesGap: boolean,
  ): Item {
    let data: unknown;
    try {
      ({ data } = wire);
      return toItem(validate ? decode(schema, data, label) : data);
    } catch (cause) {
      const id = position?.token ?? null;
      const isTooLarge = cause instanceof RangeError;
      const code = isTooLarge ? "event-too-large" : "invalid-data";
      const gap = isTooLarge ? "too-large" : "unreadable";
      return {
        kind: "unreadable",
        position,
        data: { ...about, id, data },
        error: new StreamError(code, `Cannot read ${label} of ${about.channel} (${id}): ${textOf(cause)}`, { cause }),
        isEnd: about.type === END_TYPE,
        gap: leavesGap ? gap : null,
        now: clock.now(),
      };
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
    const { name, events, end, unreadable } = channelOf(address);
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
      return tryDecode(
        end,
        label,
        wire,
        (data) => ({ kind: "end", position, event: { channel, type, data, id } }),
        { channel, type },
        position,
        false,
      );
    }
    if (!definition) {
      return null;
    }
    return tryDecode(
      definition.schema,
      label,
      wire,
      (data) => ({
        kind: "event",
        position,
        event: { channel, type, data, id },
        isVolatile: definition.mode === "volatile",
      }),
      { channel, type },
      position,
      definition.mode === "reliable" && unreadable === "gap",
    );
  }

  function* page(address: Address, { events, state, cursor }: PageBody): Iterable<Item | null> {
    const { name, snapshot } = channelOf(address);
    const data = state?.[address.path];
    if (snapshot && data !== undefined) {
      yield tryDecode(
        snapshot,
        `${name}'s snapshot`,
        { data },
        (decoded) => ({ kind: "state", position: null, state: decoded, cursor }),
        { channel: address.path, type: null },
        null,
        false,
      );
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
