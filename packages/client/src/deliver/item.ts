import type { Cleared, ReceivedEvent } from "../handlers.ts";
import type { Position } from "../state/position.ts";

/** One thing that arrived for an address, on the stream or on a page. */
export type Item = EventItem | ClearItem | StateItem;

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

/** The state of a snapshot. */
interface StateItem {
  readonly kind: "state";
  readonly position: null;
  readonly state: unknown;
  /** Where the page of the state ends. */
  readonly cursor: string;
}
