import type { Cleared, GapReason, ReceivedEvent, UnreadableData } from "../handlers.ts";
import type { Position } from "../state/position.ts";
import type { StreamError } from "../stream-error.ts";

/** One thing that arrived for an address, on the stream or on a page. */
export type Item = EventItem | ClearItem | StateItem | EndItem | UnreadableItem;

export interface EventItem {
  readonly kind: "event";
  /** Null for volatile events and for current values. */
  readonly position: Position | null;
  readonly event: ReceivedEvent;
  readonly isVolatile: boolean;
}

interface ClearItem {
  readonly kind: "clear";
  readonly position: Position;
  readonly cleared: Cleared;
}

/** The last event of an address. */
interface EndItem {
  readonly kind: "end";
  /** Null where the address was over already. */
  readonly position: Position | null;
  readonly event: ReceivedEvent;
}

/** The state of a snapshot. */
interface StateItem {
  readonly kind: "state";
  readonly position: null;
  readonly state: unknown;
  /** Where the page of the state ends. */
  readonly cursor: string;
}

/** What no handler of its type can get: it does not fit the contract, or it is too large. */
export interface UnreadableItem {
  readonly kind: "unreadable";
  readonly position: Position | null;
  readonly data: UnreadableData;
  readonly error: StreamError;
  /** Whether it is the end of the address. */
  readonly isEnd: boolean;
  /** The reason of the gap that it leaves. Null where it leaves none. */
  readonly gap: GapReason | null;
  /** In milliseconds since 1970. */
  readonly now: number;
}
