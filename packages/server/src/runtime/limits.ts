import { checkObject, checkRange } from "@tidings/protocol/checks";

/** The limits of a hub that names no others. Every limit may be `Infinity`. */
export const DEFAULT_LIMITS = {
  /** Open streams and waiting pages of this process. */
  connections: 50_000,
  /** Open streams and waiting pages of one viewer in this process. */
  connectionsPerViewer: 64,
  /** Channels of one request. */
  channels: 100,
  /** Bytes of one event's JSON. */
  eventBytes: 64 * 1024,
  /** Bytes of a POST body. */
  bodyBytes: 64 * 1024,
  /** Bytes of a request's URL. */
  urlBytes: 8 * 1024,
  /** Milliseconds after which a stream ends and the client comes back, give or take a tenth. */
  maxAge: 3_600_000,
  /** Reads of the log that run at the same time for connections whose position is before the ring, and for pages. */
  catchUpReads: 16,
  /** Loads of states that run at the same time. As many more may run of addresses whose loads take over a second. */
  stateLoads: 64,
  /** Events of one page, and entries scanned by one read. */
  pageEvents: 500,
  /** Bytes of the events of one page, and of the data of one read. One event may have more. */
  pageBytes: 1024 * 1024,
  /** Bytes of one snapshot's JSON. */
  stateBytes: 1024 * 1024,
  /** Entries in the ring. */
  ringEntries: 16_384,
  /** Bytes of frames in the ring. */
  ringBytes: 16 * 1024 * 1024,
};

/** The limits of one hub: see {@link DEFAULT_LIMITS}. */
export type Limits = { readonly [Name in keyof typeof DEFAULT_LIMITS]: number };

/** How long one read of the log may take, in milliseconds. */
export const READ_TIME = 10_000;

/** How long the load of a state may take, in milliseconds. Clients do not wait much longer for a page. */
export const LOAD_TIME = 10_000;

/** How long a connection pauses after a read that failed, in milliseconds. */
export const READ_RETRY = 1_000;

/** The limits of a hub, with defaults where none is given. @throws TypeError for an unknown name or a bad number */
export function checkLimits(given: Partial<Limits> = {}): Limits {
  checkObject("limits", given, Object.keys(DEFAULT_LIMITS));
  for (const [name, value] of Object.entries(given)) checkRange(`limits.${name}`, value, 1, Infinity);
  return { ...DEFAULT_LIMITS, ...given };
}
