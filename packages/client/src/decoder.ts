import { decode, type Address, type AnyChannel, type Schema } from "@tidings/contract";
import { formatCursor, parseCursor, type PageBody, type PageEvent } from "@tidings/protocol";
import type { Item } from "./consumer.ts";
import type { Context } from "./context.ts";
import { StreamError } from "./stream-error.ts";

/** @throws TypeError for an address of another contract */
export function channelOf({ contract }: Context, { name }: Address): AnyChannel {
  const channel = Object.hasOwn(contract, name) ? contract[name] : undefined;
  if (channel !== undefined) return channel;
  throw new TypeError(`Expected an address of this contract (${Object.keys(contract).join(", ")}), got "${name}".`);
}

/**
 * What came over the wire, as the contract says. Null for other addresses, for a type that this client does not know yet, and
 * for data that does not fit; the latter is reported.
 *
 * @param read parses the data, where it is not what the event says
 */
export function decodeItem(context: Context, address: Address, event: PageEvent, read?: () => unknown): Item | null {
  const { name, events } = channelOf(context, address);
  const { channel, type } = event;
  const definition = events[type];
  if (channel !== address.path || definition === undefined) return null;
  const cursor = parseCursor(event.id ?? "");
  const id = cursor && formatCursor(cursor);
  if ("clear" in event) return id === null ? null : { cleared: { channel, type, key: event.clear, id }, cursor };
  const data = tryDecode(context, definition.schema, read ?? (() => event.data), `${name}.${type}`);
  return data && { event: { channel, type, data: data.value, id }, isVolatile: definition.mode === "volatile", cursor };
}

/** What a page has of one address. */
export function decodePage(context: Context, address: Address, { events }: PageBody): Item[] {
  return events.flatMap((event) => decodeItem(context, address, event) ?? []);
}

/** Null when there is no state, and when it does not fit, which is reported. */
export function decodeState(context: Context, address: Address, page: PageBody): { readonly value: unknown } | null {
  const { name, snapshot } = channelOf(context, address);
  const state = page.state?.[address.path];
  if (snapshot === undefined || state === undefined) return null;
  return tryDecode(context, snapshot, () => state, `${name}'s snapshot`);
}

function tryDecode({ validate, onError }: Context, schema: Schema, read: () => unknown, label: string) {
  try {
    return { value: validate ? decode(schema, read(), label) : read() };
  } catch (cause) {
    onError(new StreamError("invalid-data", `Skipped ${label}: ${String(cause)}`, { cause }));
    return null;
  }
}
