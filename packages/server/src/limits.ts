/** What one hub allows. Every limit may be `Infinity`. */
export interface Limits {
  /** Open streams and waiting pages of this process. @default 50_000 */
  readonly connections: number;
  /** Open streams and waiting pages of one viewer in this process. @default 64 */
  readonly connectionsPerViewer: number;
  /** Channels of one request. @default 100 */
  readonly channels: number;
  /** Bytes of one event's JSON. @default 65_536 */
  readonly eventBytes: number;
  /** Bytes of a POST body. @default 65_536 */
  readonly bodyBytes: number;
  /** Bytes of a request's URL. @default 8_192 */
  readonly urlBytes: number;
  /** Milliseconds after which a stream is asked to come back, give or take a tenth. @default 3_600_000 */
  readonly maxAge: number;
  /** Reads of the log that connections behind the ring may run at the same time. @default 16 */
  readonly catchUpReads: number;
  /** Events of one page, and entries scanned by one read. @default 500 */
  readonly pageEvents: number;
  /** Bytes of one page, and of one read. @default 1_048_576 */
  readonly pageBytes: number;
  /** Entries that the process keeps at hand. @default 16_384 */
  readonly ringEntries: number;
  /** Bytes of frames that the process keeps at hand. @default 16_777_216 */
  readonly ringBytes: number;
}

export const DEFAULT_LIMITS: Limits = {
  connections: 50_000,
  connectionsPerViewer: 64,
  channels: 100,
  eventBytes: 64 * 1024,
  bodyBytes: 64 * 1024,
  urlBytes: 8 * 1024,
  maxAge: 3_600_000,
  catchUpReads: 16,
  pageEvents: 500,
  pageBytes: 1024 * 1024,
  ringEntries: 16_384,
  ringBytes: 16 * 1024 * 1024,
};

/** How long one read of the log may take, in milliseconds. */
export const READ_TIME = 10_000;

/** @throws TypeError for what is no limit */
export function checkLimits(given: Partial<Limits> = {}): Limits {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(DEFAULT_LIMITS, name)) throw new TypeError(`Expected a limit of this hub, got "${name}".`);
    checkRange(`limits.${name}`, value, 1, Infinity);
  }
  return { ...DEFAULT_LIMITS, ...given };
}

/** @throws TypeError for what is not a number from `least` to `most` */
export function checkRange(name: string, value: number, least: number, most: number): number {
  if (typeof value === "number" && value >= least && value <= most) return value;
  throw new TypeError(`Expected "${name}" to be a number from ${least} to ${most}, got ${String(value)}.`);
}
