import type { Address } from "@tidings/contract";
import type { Entry, NewEntry } from "@tidings/log";

/** Whom an order is about: a viewer, an address, or a viewer on an address. */
export interface Selector {
  /** A viewer's `id`. */
  readonly viewer?: string;
  readonly address?: Pick<Address, "path">;
}

/** What one process tells all: end the streams, or ask `authorize` again. */
export interface Order {
  readonly verb: "disconnect" | "recheck";
  readonly viewer: string | null;
  readonly path: string | null;
}

/** No contract can have this path, so no client can ask for it. */
export const CONTROL_CHANNEL = "$hub";

/** Orders travel through the log, so that they reach every process, in order. @throws TypeError for a selector that names nobody */
export function orderEntry(verb: Order["verb"], { viewer, address }: Selector): NewEntry {
  if (viewer === undefined && address === undefined) {
    throw new TypeError(`Expected ${verb} to be told a viewer or an address, got neither.`);
  }
  const order: Order = { verb, viewer: viewer ?? null, path: address?.path ?? null };
  return { channel: CONTROL_CHANNEL, type: verb, mode: "reliable", data: JSON.stringify(order) };
}

/** The order of an entry, or null for an entry that is none. What cannot be read, say of a newer release, asks about everybody. */
export function parseOrder({ channel, data }: Entry): Order | null {
  if (channel !== CONTROL_CHANNEL) return null;
  try {
    // Checked below, as far as anything depends on it.
    const order = JSON.parse(data ?? "null") as Order | null;
    if (order?.verb === "disconnect" || order?.verb === "recheck") return order;
  } catch {
    // The answer is that of the unknown.
  }
  return { verb: "recheck", viewer: null, path: null };
}

/** Whether an order is about a viewer who follows these paths. */
export function isAbout({ viewer, path }: Order, viewerId: string, paths: { has(path: string): boolean }): boolean {
  return (viewer === null || viewer === viewerId) && (path === null || paths.has(path));
}
