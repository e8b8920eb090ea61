import { parseCursor, type Cursor } from "@tidings/protocol";
import type { Cleared, Gap, ReceivedEvent } from "./handlers.ts";
import type { Reason } from "./status.ts";

/** One thing that arrived for an address, on the stream or on a page. */
export type Item =
  | {
      readonly kind: "event";
      readonly event: ReceivedEvent;
      readonly volatile: boolean;
      readonly cursor: Cursor | null;
    }
  | { readonly kind: "clear"; readonly cleared: Cleared; readonly cursor: Cursor };

/** Where a subscription delivers: handlers, or the queue of an iterator. Nothing of it throws. */
export interface Consumer {
  /** Whether a gap, and the beginning, bring a snapshot. */
  readonly wantsSnapshot: boolean;
  /** False when there is no room: nothing was taken then. */
  take(item: Item): boolean;
  snapshot(state: unknown): void;
  gap(gap: Gap): void;
  close(reason: Reason): void;
}

/**
 * The cursor that an application hands back.
 * @throws TypeError when it is none: to start anywhere else would lose events without a word
 */
export function toCursor(name: string, token: string | undefined): Cursor | null {
  if (token === undefined) return null;
  const cursor = parseCursor(token);
  if (cursor === null)
    throw new TypeError(`Expected "${name}" to be the cursor of a page or the id of an event, got "${token}".`);
  return cursor;
}
