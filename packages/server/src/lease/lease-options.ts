import { parseCursor, type Cursor } from "@tidings/protocol";
import { checkObject, checkRange } from "@tidings/protocol/checks";
import { MOST_TTL } from "./lease-entry.ts";

/** The shortest time of a lease, in milliseconds. */
const LEAST_TTL = 1_000;

/** What `hub.lease` was told, checked. */
interface CheckedOptions {
  readonly ttl: number;
  readonly aborted: unknown;
  readonly stopsSince: Cursor | null;
}

/** @param canEnd whether the channel declares an end @throws TypeError */
export function checkLeaseOptions(options: unknown, canEnd: boolean): CheckedOptions {
  checkObject("the options of lease", options, ["ttl", canEnd ? "aborted" : "stopsSince"]);
  // Safe: it is an object, and what it has is checked.
  const { ttl, aborted, stopsSince } = options as {
    readonly ttl: number;
    readonly aborted?: unknown;
    readonly stopsSince?: unknown;
  };
  checkRange("ttl", ttl, LEAST_TTL, MOST_TTL);
  if (canEnd && aborted === undefined) {
    const why = "its channel declares an end, and others publish this one if the writer dies";
    throw new TypeError(`Expected "aborted" in the options of lease, got undefined; ${why}.`);
  }
  return { ttl, aborted, stopsSince: stopsSince === undefined ? null : checkPosition(stopsSince) };
}

/** @throws TypeError */
function checkPosition(value: unknown): Cursor {
  const position = typeof value === "string" ? parseCursor(value) : null;
  if (position !== null) return position;
  const how = "give it the askedAt of another writer";
  throw new TypeError(`Expected "stopsSince" to be a position of the log, got ${JSON.stringify(value)}; ${how}.`);
}
