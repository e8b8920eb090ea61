import type { Entry, NewEntry } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import { END_TYPE } from "@tidings/protocol/mode";

/** The right to write to an address, as the log has it. */
export interface Lease {
  /** The path of the address. */
  readonly path: string;
  /** A random id of the writer. */
  readonly writer: string;
  /** How many renewals there were. So a writer that got no answer finds out whether the log has its last batch. */
  readonly renewals: number;
  /** How long it holds without a renewal, in milliseconds. */
  readonly ttl: number;
  /** The data with which the address ends if the writer dies, in JSON. Null if the address is not to end. */
  readonly aborted: string | null;
}

/** Somebody wants the writer of an address to stop. */
export interface StopRequest {
  readonly path: string;
  readonly reason: string;
}

/** No contract can have a path that begins like this, so no client can ask for it. The keys are the paths. */
export const LEASE_CHANNEL = "$lease";
const LEASE_TYPE = "lease";
const STOP_TYPE = "stop";
/** The longest time of a lease, in milliseconds. */
export const MOST_TTL = 600_000;
/**
 * How long a request to stop is kept, in milliseconds: a minute longer than any lease holds. So a writer hears of it
 * when it comes back, for as long as it may come back.
 */
export const STOP_LIFETIME = MOST_TTL + 60_000;

/** Takes a lease, if `expects` is null, or renews the one that stands at `expects`. */
export function leaseEntry({ path, ...data }: Lease, expects: Cursor | null): NewEntry {
  return { ...valueOf(LEASE_TYPE, path), data: JSON.stringify(data), expects };
}

/** Gives up the lease that stands at `expects`. A request to stop goes with it, so that it concerns no later writer. */
export function leaseWithdrawals(path: string, expects: Cursor): [lease: NewEntry, stop: NewEntry] {
  return [
    { ...valueOf(LEASE_TYPE, path), data: null, expects },
    { ...valueOf(STOP_TYPE, path), data: null },
  ];
}

/** The end of an address whose writer is gone: one entry, or none if the address is not to end. */
export function abortedEnd({ path, aborted }: Lease): NewEntry[] {
  return aborted === null ? [] : [{ channel: path, type: END_TYPE, mode: "reliable", data: aborted }];
}

export function stopEntry({ path, reason }: StopRequest): NewEntry {
  return { ...valueOf(STOP_TYPE, path), data: JSON.stringify({ reason }), expires: STOP_LIFETIME };
}

/** Whether an entry of {@link LEASE_CHANNEL} is about a request to stop: one that stands, or a withdrawal. */
export function isStop({ type }: Entry): boolean {
  return type === STOP_TYPE;
}

/** Whether an entry of {@link LEASE_CHANNEL} is about a lease: one that stands, or a withdrawal. */
export function isLease({ type }: Entry): boolean {
  return type === LEASE_TYPE;
}

/** The lease of an entry; null for a withdrawal, and for one of a newer release that cannot be read. */
export function parseLease(entry: Entry): Lease | null {
  if (entry.type !== LEASE_TYPE) return null;
  const { writer, renewals, ttl, aborted } = membersOf(entry);
  if (typeof writer !== "string" || typeof renewals !== "number" || typeof ttl !== "number") return null;
  return { path: entry.key ?? "", writer, renewals, ttl, aborted: typeof aborted === "string" ? aborted : null };
}

/** The request of an entry; null if it is none. */
export function parseStop(entry: Entry): StopRequest | null {
  if (entry.type !== STOP_TYPE || entry.data === null) return null;
  const { reason } = membersOf(entry);
  return { path: entry.key ?? "", reason: typeof reason === "string" ? reason : "" };
}

function valueOf(type: string, path: string) {
  return { channel: LEASE_CHANNEL, type, mode: "latest", key: path } as const;
}

function membersOf({ data }: Entry): Readonly<Record<string, unknown>> {
  try {
    // Safe: whatever it is, its members are only looked at.
    return Object(JSON.parse(data ?? "null")) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}
