import type { Address } from "@tidings/contract";
import { parseCursor, type Cursor } from "@tidings/protocol";
import type { Clock } from "@tidings/protocol/clock";
import type { Grant, Viewer } from "../hub-options.ts";
import type { Hooks } from "../runtime/hooks.ts";
import type { Addresses } from "./addresses.ts";
import { isPending, type HookAnswer } from "../runtime/pending.ts";

/** What a viewer may read of what was asked for. */
export interface Access {
  readonly viewer: Viewer;
  /** The id of the viewer, as it was when `authenticate` answered. The application may change its object. */
  readonly viewerId: string;
  readonly granted: ReadonlyMap<string, { readonly address: Address; readonly grant: Grant }>;
  readonly refused: ReadonlyMap<string, "forbidden" | "unknown">;
  /** When the first of credentials and rights ends, in milliseconds since 1970; `Infinity` when none does. */
  readonly end: number;
}

/** Whether two answers allow the same paths, with the same lower bounds. Their ends do not count. */
export function allowsTheSame(one: Access, other: Access): boolean {
  if (one.granted.size !== other.granted.size) return false;
  return [...one.granted].every(
    ([path, { grant }]) =>
      other.granted.has(path) && other.granted.get(path)?.grant.readableFrom === grant.readableFrom,
  );
}

/** Shared by all that are refused nothing. */
const NO_REFUSALS: Access["refused"] = new Map();

/** Shared by the many streams that have no bound. */
const NO_BOUNDS: ReadonlyMap<string, string> = new Map();
/** Shared by the many grants that have neither a bound nor an end. */
const WITHOUT_BOUNDS: Grant = {};

/** What it takes to ask the application about rights. */
export interface AccessNeeds {
  readonly addresses: Addresses;
  readonly hooks: Pick<Hooks, "authorize">;
  readonly clock: Pick<Clock, "now">;
}

/**
 * Asks the application about every path, after parsing it: what is authorised is the value, never the text.
 *
 * @param viewerId the id that the viewer had when `authenticate` answered
 * @returns the access itself when the application has answered everything at once
 * @throws what `authorize` and the viewer's `expiresAt` throw, and TypeError when its answer is not a decision; a
 *   promise rejects with them
 */
export function authorizeAll(
  needs: AccessNeeds,
  viewer: Viewer,
  viewerId: string,
  paths: Iterable<string>,
): HookAnswer<Access> {
  const { addresses, hooks, clock } = needs;
  const now = clock.now();
  const granted = new Map<string, { address: Address; grant: Grant }>();
  let refused: Map<string, "forbidden" | "unknown"> | null = null;
  const refuse = (path: string, reason: "forbidden" | "unknown"): void =>
    void (refused ??= new Map()).set(path, reason);
  const decide = (address: Address, decision: unknown): void => {
    const grant = toGrant(decision);
    if (grant === null || timeOf(grant.expiresAt) <= now) refuse(address.path, "forbidden");
    else granted.set(address.path, { address, grant });
  };
  const access = (): Access => {
    // Read here, where a failure is one of the answer: the application may have made it a getter that throws.
    let end = timeOf(viewer.expiresAt);
    for (const { grant } of granted.values()) end = Math.min(end, timeOf(grant.expiresAt));
    return { viewer, viewerId, granted, refused: refused ?? NO_REFUSALS, end };
  };
  const pending: Promise<void>[] = [];
  for (const path of paths) {
    const address = addresses.find(path);
    if (address === null) {
      refuse(path, "unknown");
      continue;
    }
    try {
      const decision: unknown = hooks.authorize({ ...address, viewer });
      if (isPending(decision)) pending.push(decision.then((later) => decide(address, later)));
      else decide(address, decision);
    } catch (error) {
      // Not thrown: nobody would handle the answers that are still to come.
      pending.push(Promise.reject(error));
    }
  }
  return pending.length === 0 ? access() : Promise.all(pending).then(access);
}

/** The `readableFrom` of each path that has one. */
export function boundsOf({ granted }: Access): ReadonlyMap<string, string> {
  const bounds = new Map<string, string>();
  for (const [path, { grant }] of granted) {
    if (grant.readableFrom !== undefined) bounds.set(path, grant.readableFrom);
  }
  return bounds.size === 0 ? NO_BOUNDS : bounds;
}

/**
 * The time at which something expires, in milliseconds since 1970; `Infinity` for undefined.
 * @throws TypeError for what is not a time: a right that should have ended must not last for ever
 */
export function timeOf(expiresAt: number | undefined): number {
  if (expiresAt === undefined) return Infinity;
  if (typeof expiresAt === "number" && !Number.isNaN(expiresAt)) return expiresAt;
  throw new TypeError(`Expected "expiresAt" to be milliseconds since 1970, got ${String(expiresAt)}.`);
}

/**
 * The position after which a viewer may read.
 * @throws TypeError for what is not a cursor: nobody can tell what the application wanted to hide
 */
export function parseReadableFrom(readableFrom: unknown): Cursor {
  const cursor = typeof readableFrom === "string" ? parseCursor(readableFrom) : null;
  if (cursor !== null) return cursor;
  const got = JSON.stringify(readableFrom);
  throw new TypeError(`Expected "readableFrom" to be the id of an event, as publish answers it, got ${got}.`);
}

/**
 * Denies by default: only `true` and a grant allow.
 * @throws TypeError for an object that is not a grant
 */
function toGrant(decision: unknown): Grant | null {
  if (decision === true) return WITHOUT_BOUNDS;
  if (typeof decision !== "object" || decision === null) return null;
  // The types already forbid anything else, but plain JavaScript may answer `{ allowed: false }`.
  const unknown = Object.keys(decision).filter((key) => key !== "readableFrom" && key !== "expiresAt");
  if (unknown.length > 0 || Object.getPrototypeOf(decision) !== Object.prototype) {
    const got = unknown.join(", ") || "a class";
    throw new TypeError(`Expected authorize to answer true, false or { readableFrom?, expiresAt? }, got ${got}.`);
  }
  // A copy: the application may keep its object and change it, and a recheck compares the new answer with this one.
  const { readableFrom, expiresAt }: Grant = decision;
  if (readableFrom !== undefined) parseReadableFrom(readableFrom);
  return { ...(readableFrom !== undefined && { readableFrom }), ...(expiresAt !== undefined && { expiresAt }) };
}
