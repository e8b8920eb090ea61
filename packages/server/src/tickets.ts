import { systemClock, type Clock } from "@tidings/protocol/clock";
import type { HubRequest, Viewer } from "./hub-options.ts";
import { checkRange } from "./limits.ts";
import { queryOf } from "./refusal.ts";

/** Milliseconds in which a ticket has to be used. */
export const TICKET_LIFETIME = 30_000;

/** What stands for a viewer in the address of a client that cannot send headers, for one request. */
export interface Tickets<V extends Viewer> {
  /** A ticket for a viewer: 32 hexadecimal digits, good for one request within 30 seconds. */
  issue(viewer: V): string;
  /** The viewer of the `ticket` in a request's query; null when there is none, or it is used, too old or not from here. */
  redeem(request: HubRequest): V | null;
}

export interface TicketOptions {
  /** Tickets that may wait to be used; beyond it the oldest is void. @default 10_000 */
  readonly limit?: number;
  /** The hub's. @default the runtime's */
  readonly clock?: Clock;
}

/**
 * Creates the tickets of one process: another process, or this one after a restart, knows none of them.
 *
 * @throws TypeError for a limit that is none
 * @example
 * const tickets = createTickets<Viewer>();
 * const hub = createHub(chat, { authenticate: (request) => tickets.redeem(request) ?? viewerFrom(request.headers), … });
 * app.post("/ticket", (request, response) => response.send(tickets.issue(viewerFrom(request.headers))));
 */
export function createTickets<V extends Viewer>({
  limit = 10_000,
  clock = systemClock,
}: TicketOptions = {}): Tickets<V> {
  checkRange("limit", limit, 1, Infinity);
  /** In the order of their issue, so the oldest come first. */
  const waiting = new Map<string, { readonly viewer: V; readonly at: number }>();
  /** A page that waits is authenticated again when rights change: it is still the same request. */
  const redeemed = new WeakMap<HubRequest, V>();
  // A clock that was set back makes no ticket last longer.
  const isFresh = (at: number) => clock.now() >= at && clock.now() - at < TICKET_LIFETIME;
  return {
    issue(viewer) {
      for (const [ticket, { at }] of waiting) {
        if (waiting.size < limit && isFresh(at)) break;
        waiting.delete(ticket);
      }
      const bytes = crypto.getRandomValues(new Uint8Array(16));
      const ticket = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
      waiting.set(ticket, { viewer, at: clock.now() });
      return ticket;
    },
    redeem(request) {
      const known = redeemed.get(request);
      if (known !== undefined) return known;
      // A lookup, not a comparison: how long it takes tells nothing of a key that hashes elsewhere, and 128 random bits are
      // not found byte by byte.
      const ticket = queryOf(request).get("ticket") ?? "";
      const found = waiting.get(ticket);
      waiting.delete(ticket);
      if (found === undefined || !isFresh(found.at)) return null;
      redeemed.set(request, found.viewer);
      return found.viewer;
    },
  };
}
