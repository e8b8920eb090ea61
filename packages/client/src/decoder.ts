import { decode, type Address, type AnyChannel, type Schema } from "@tidings/contract";
import { isCursor, type PageBody, type PageEvent } from "@tidings/protocol";
import type { Consumer } from "./consumer.ts";
import type { Context } from "./context.ts";
import type { Cleared } from "./handlers.ts";
import { StreamError } from "./stream-error.ts";

/** One thing that arrived for an address, on the stream or on a page. */
export interface Item {
  readonly id: string | null;
  /** What the consumer gets. */
  readonly call: Parameters<Consumer>;
}

/** @throws TypeError for an address of another contract */
export function channelOf({ contract }: Context, { name }: Address): AnyChannel {
  const channel = contract[name];
  if (channel) return channel;
  throw new TypeError(`Expected an address of this contract (${Object.keys(contract).join(", ")}), got "${name}".`);
}

/**
 * What came over the wire, as the contract says: one item, or none for other addresses, for a type that this client does not know
 * yet, and for data that does not fit; the latter is reported.
 * @param json the data, where it is not parsed yet: what nobody wants never is, and what is no JSON does not fit either
 */
export function decodeItem(context: Context, address: Address, wire: PageEvent, json?: string): Item[] {
  const { name, events } = channelOf(context, address);
  const { channel, type } = wire;
  const definition = events[type];
  if (channel !== address.path || !definition) return [];
  const id = toCursor(wire.id);
  if ("clear" in wire)
    return id ? [{ id, call: ["onClear", { channel, type, key: wire.clear, id } satisfies Cleared] }] : [];
  const read = () => (json === undefined ? wire.data : JSON.parse(json)) as unknown;
  return tryDecode(context, definition.schema, read, `${name}.${type}`).map((data) => ({
    id,
    call: [type, data, { channel, type, data, id }, definition.mode === "volatile"],
  }));
}

/** What a page has of one address: first the state, then events. */
export function decodePage(context: Context, address: Address, { events, state }: PageBody): Item[] {
  const { name, snapshot } = channelOf(context, address);
  const given = state?.[address.path];
  const states = snapshot && given !== undefined ? tryDecode(context, snapshot, () => given, `${name}'s snapshot`) : [];
  return [
    ...states.map((data): Item => ({ id: null, call: ["snapshot", data] })),
    ...events.flatMap((event) => decodeItem(context, address, event)),
  ];
}

/** The text, where it is a cursor. */
export function toCursor(id: string | null | undefined): string | null {
  return id && isCursor(id) ? id : null;
}

/** What does not fit is reported. */
function tryDecode({ validate, onError }: Context, schema: Schema, read: () => unknown, label: string): unknown[] {
  try {
    return [validate ? decode(schema, read(), label) : read()];
  } catch (cause) {
    onError(new StreamError("invalid-data", `Skipped ${label}: ${String(cause)}`, { cause }));
    return [];
  }
}
