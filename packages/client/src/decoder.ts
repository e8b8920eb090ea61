import { decode, type Address, type AnyChannel, type Schema } from "@tidings/contract";
import { isCursor, type PageBody, type PageEvent } from "@tidings/protocol";
import type { Consumer } from "./consumer.ts";
import type { Context } from "./context.ts";
import type { Cleared } from "./handlers.ts";
import { StreamError } from "./stream-error.ts";

/** One thing that arrived for an address, on the stream or on a page. */
export interface Item {
  readonly id: string | null;
  readonly isVolatile: boolean;
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
 * What came over the wire, as the contract says. Null for other addresses, for a type that this client does not know yet, and
 * for data that does not fit; the latter is reported.
 *
 * @param read parses the data, where it is not what the event says
 */
export function decodeItem(context: Context, address: Address, wire: PageEvent, read?: () => unknown): Item | null {
  const { name, events } = channelOf(context, address);
  const { channel, type } = wire;
  const definition = events[type];
  if (channel !== address.path || !definition) return null;
  const id = toCursor(wire.id);
  const isVolatile = definition.mode === "volatile";
  if ("clear" in wire) {
    const cleared: Cleared = { channel, type, key: wire.clear, id: id ?? "" };
    return id ? { id, isVolatile, call: ["onClear", cleared] } : null;
  }
  const decoded = tryDecode(context, definition.schema, read ?? (() => wire.data), `${name}.${type}`);
  if (!decoded) return null;
  const [data] = decoded;
  return { id, isVolatile, call: [type, data, { channel, type, data, id }, isVolatile] };
}

/** What a page has of one address. */
export function decodePage(context: Context, address: Address, { events }: PageBody): Item[] {
  return events.flatMap((event) => decodeItem(context, address, event) ?? []);
}

/** The state in brackets; null when there is none, and when it does not fit, which is reported. */
export function decodeState(context: Context, address: Address, { state }: PageBody): readonly [unknown] | null {
  const { name, snapshot } = channelOf(context, address);
  const given = state?.[address.path];
  return snapshot && given !== undefined ? tryDecode(context, snapshot, () => given, `${name}'s snapshot`) : null;
}

/** The text, where it is a cursor. */
export function toCursor(id: string | null | undefined): string | null {
  return id && isCursor(id) ? id : null;
}

function tryDecode({ validate, onError }: Context, schema: Schema, read: () => unknown, label: string) {
  try {
    return [validate ? decode(schema, read(), label) : read()] as const;
  } catch (cause) {
    onError(new StreamError("invalid-data", `Skipped ${label}: ${String(cause)}`, { cause }));
    return null;
  }
}
