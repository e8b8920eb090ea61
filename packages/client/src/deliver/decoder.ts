import { textOf } from "@tidings/protocol/call-safely";
import { decode, type Address, type AnyChannel, type Contract, type Schema } from "@tidings/contract";
import type { PageBody, PageEvent } from "@tidings/protocol";
import { END_TYPE, type Mode } from "@tidings/protocol/mode";
import type { UnreadableData } from "../handlers.ts";
import type { Settings } from "../options.ts";
import { ownMember } from "../state/own-member.ts";
import { toPosition, type Position } from "../state/position.ts";
import { mistake, StreamError } from "../stream-error.ts";
import type { Item } from "../state/item.ts";

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
  /** By page, its events by path. */
  const sortedPages = new WeakMap<PageBody, Map<string, PageEvent[]>>();

  /**
   * Makes an item of data, decoded. An unreadable one when it does not fit the schema.
   * @param wire what has come. Reading its data may fail: it may be JSON that is parsed then, or too large
   * @param position null where the item leaves no gap
   */
  function tryDecode(
    schema: Schema,
    label: string,
    wire: Pick<UnreadableData, "channel" | "type" | "data">,
    toItem: (data: unknown) => Item,
    position: Position | null,
    leavesGap: boolean,
  ): Item {
    const { channel, type } = wire;
    let data: unknown;
    try {
      ({ data } = wire);
      return toItem(validate ? decode(schema, data, label) : data);
    } catch (cause) {
      const id = position?.token ?? null;
      // Whatever else is thrown is a schema's: a check or a codec may throw anything.
      const isTooLarge = cause instanceof StreamError;
      const code = isTooLarge ? cause.code : "invalid-data";
      const gap = isTooLarge ? "too-large" : "unreadable";
      return {
        kind: "unreadable",
        position,
        data: { channel, type, id, data },
        error: new StreamError(code, `Cannot read ${label} of ${channel} (${id}): ${textOf(cause)}`, { cause }),
        isEnd: type === END_TYPE,
        gap: leavesGap ? gap : null,
        now: clock.now(),
      };
    }
  }

  function channelOf({ name }: Address): AnyChannel {
    const channel = ownMember(contract, name);
    if (channel) {
      return channel;
    }
    throw mistake(`an address of this contract (${Object.keys(contract).join(", ")})`, `"${name}"`);
  }

  function item(address: Address, wire: PageEvent, position: Position | null): Item | null {
    const { channel, type } = wire;
    const { name, events, end, unreadable } = channelOf(address);
    const definition = ownMember(events, type);
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
      position,
      definition.mode === "reliable" && unreadable === "gap",
    );
  }

  function* page(address: Address, body: PageBody): Iterable<Item | null> {
    const { name, snapshot } = channelOf(address);
    const { state, cursor } = body;
    const data = ownMember(state, address.path);
    if (snapshot && data !== undefined) {
      yield tryDecode(
        snapshot,
        `${name}'s snapshot`,
        { channel: address.path, type: null, data },
        (decoded) => ({ kind: "state", position: null, state: decoded, cursor }),
        null,
        false,
      );
    }
    for (const wire of eventsOf(body, address.path)) {
      yield item(address, wire, toPosition(wire.id));
    }
  }

  /** The events of one address. Many subscriptions share a page: each event is looked at once for all of them. */
  function eventsOf(body: PageBody, path: string): readonly PageEvent[] {
    let eventsByPath = sortedPages.get(body);
    if (!eventsByPath) {
      eventsByPath = new Map<string, PageEvent[]>();
      sortedPages.set(body, eventsByPath);
      for (const event of body.events) {
        const events = eventsByPath.get(event.channel) ?? [];
        events.push(event);
        eventsByPath.set(event.channel, events);
      }
    }
    return eventsByPath.get(path) ?? [];
  }

  function modeOf(address: Address, type: string): Mode | undefined {
    const { events, end } = channelOf(address);
    return type === END_TYPE && end ? "reliable" : ownMember(events, type)?.mode;
  }

  return { channelOf, modeOf, item, page };
}
