import { systemClock, type Clock } from "@tidings/protocol/clock";
import type { HubRequest, Viewer } from "./hub-options.ts";
import { checkMethods, checkOptions, checkRange, CLOCK_METHODS, typeNameOf } from "@tidings/protocol/checks";
import { checkViewer } from "./request/check-viewer.ts";
import { queryOf } from "./request/query.ts";
import { randomHex } from "./runtime/random-hex.ts";

/** How long a ticket can be used, in milliseconds. */
export const TICKET_LIFETIME = 30_000;

/** Tickets for clients that cannot send headers: a ticket in the URL stands for a viewer, for one request. */
export interface Tickets<V extends Viewer> {
  /**
   * Makes a ticket for a viewer: 32 hexadecimal digits, valid for one request within 30 seconds.
   * @throws TypeError for anything but a viewer
   */
  issue(viewer: V): string;
  /**
   * The viewer of the `ticket` in a request's query. Null when there is no ticket, or it was used, is too old, or was
   * issued by another process.
   * @throws TypeError for anything but the request that `authenticate` gets
   */
  redeem(request: HubRequest): V | null;
}

/** The options of {@link createTickets}. */
export interface TicketOptions {
  /** How many tickets may wait to be used. When there are more, the oldest becomes void. @default 10_000 */
  readonly limit?: number;
  /** The clock of the hub. @default the clock of the runtime */
  readonly clock?: Clock;
}

/**
 * Creates the tickets of one process. Another process, or this one after a restart, cannot redeem them.
 *
 * @throws TypeError for a limit that is not a number from 1, and for an unknown option
 * @example
 * const tickets = createTickets<Viewer>();
 * const authenticate = (request: HubRequest) => tickets.redeem(request) ?? viewerFrom(request.headers);
 * // In a route, for a viewer who is signed in:
 * response.type("text").send(tickets.issue(viewer));
 */
export function createTickets<V extends Viewer>(options: TicketOptions = {}): Tickets<V> {
  checkOptions("the options of createTickets", options, { limit: "number", clock: "object" });
  const { limit = 10_000, clock = systemClock } = options;
  checkRange("limit", limit, 1, Infinity);
  checkMethods("clock", clock, CLOCK_METHODS);
  /** In the order of their issue: the oldest come first. */
  const unused = new Map<string, { readonly viewer: V; readonly issuedAt: number }>();
  /**
   * A waiting page is authenticated again when rights change. It is still the same request, so its ticket counts again.
   */
  const redeemed = new WeakMap<HubRequest, V>();
  // Running time: a clock that is set back must not make a ticket last longer.
  const isValid = (issuedAt: number) => clock.monotonic() - issuedAt < TICKET_LIFETIME;

  return {
    issue(viewer) {
      checkViewer("issue to get", viewer);
      for (const [ticket, { issuedAt }] of unused) {
        if (unused.size < limit && isValid(issuedAt)) break;
        unused.delete(ticket);
      }
      const ticket = randomHex(16);
      unused.set(ticket, { viewer, issuedAt: clock.monotonic() });
      return ticket;
    },
    redeem(request) {
      checkRequest(request);
      const redeemedBefore = redeemed.get(request);
      if (redeemedBefore !== undefined) return redeemedBefore;
      // A lookup, not a comparison: its duration says nothing about a key with another hash, so the 128 random bits
      // cannot be found byte by byte.
      const ticket = queryOf(request).get("ticket") ?? "";
      const found = unused.get(ticket);
      unused.delete(ticket);
      if (found === undefined || !isValid(found.issuedAt)) return null;
      redeemed.set(request, found.viewer);
      return found.viewer;
    },
  };
}

/** Plain JavaScript may pass its headers, or nothing. @throws TypeError */
function checkRequest(request: unknown): void {
  const url: unknown = (request as Partial<HubRequest> | null | undefined)?.url;
  if (typeof url === "string") return;
  const got =
    typeNameOf(request) === "object" ? `an object with a "url" of the type ${typeNameOf(url)}` : typeNameOf(request);
  throw new TypeError(`Expected redeem to get the request that authenticate gets, got ${got}.`);
}
