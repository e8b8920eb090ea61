import { parseAddress, type Address } from "@tidings/contract";
import type { Base } from "./context.ts";
import type { Grant, Viewer } from "./hub-options.ts";

/** What a viewer may read of what was asked for. */
export interface Access {
  readonly viewer: Viewer;
  readonly granted: ReadonlyMap<string, { readonly address: Address; readonly grant: Grant }>;
  readonly refused: ReadonlyMap<string, "forbidden" | "unknown">;
}

/**
 * Asks the application about every path, after parsing it: what is authorised is the value, never the text.
 *
 * @throws what `authorize` throws, and TypeError when it answers what is no decision
 */
export async function authorizeAll(context: Base, viewer: Viewer, paths: Iterable<string>): Promise<Access> {
  const { contract, options, clock } = context;
  const now = clock.now();
  const granted = new Map<string, { address: Address; grant: Grant }>();
  const refused = new Map<string, "forbidden" | "unknown">();
  await Promise.all(
    Array.from(paths, async (path) => {
      const address = parseAddress(contract, path);
      if (address === null) return void refused.set(path, "unknown");
      const grant = toGrant(await options.authorize({ ...address, viewer }));
      if (grant === null || timeOf(grant.expiresAt) <= now) refused.set(path, "forbidden");
      else granted.set(path, { address, grant });
    }),
  );
  return { viewer, granted, refused };
}

/** When the first of credentials and rights ends, in milliseconds since 1970. */
export function endOf({ viewer, granted }: Access): number {
  return Math.min(timeOf(viewer.expiresAt), ...Array.from(granted.values(), ({ grant }) => timeOf(grant.expiresAt)));
}

/** @throws TypeError for what is no time: a right that should have ended must not last for ever */
export function timeOf(expiresAt: number | undefined): number {
  if (expiresAt === undefined) return Infinity;
  if (typeof expiresAt === "number" && !Number.isNaN(expiresAt)) return expiresAt;
  throw new TypeError(`Expected "expiresAt" to be milliseconds since 1970, got ${String(expiresAt)}.`);
}

/** Deny by default: only `true` and a grant say yes. */
function toGrant(decision: unknown): Grant | null {
  if (decision === true) return {};
  if (typeof decision !== "object" || decision === null) return null;
  // The types say so already; but what plain JavaScript answers here may be `{ allowed: false }`.
  const unknown = Object.keys(decision).filter((key) => key !== "readableFrom" && key !== "expiresAt");
  if (unknown.length === 0 && Object.getPrototypeOf(decision) === Object.prototype) return decision;
  const got = unknown.join(", ") || "a class";
  throw new TypeError(`Expected authorize to answer true, false or { readableFrom?, expiresAt? }, got ${got}.`);
}
