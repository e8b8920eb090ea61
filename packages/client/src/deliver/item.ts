import type { Cleared, ReceivedEvent } from "../handlers.ts";
import type { Position } from "../state/position.ts";

/** One thing that arrived for an address, on the stream or on a page. */
export type Item = EventItem | ClearItem | StateItem | EndItem;

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
  /** Null where its data does not fit. The address is over all the same. */
  readonly event: ReceivedEvent | null;
}

/** The state of a snapshot. */
interface StateItem {
  readonly kind: "state";
  readonly position: null;
  readonly state: unknown;
  /** Where the page of the state ends. */
  readonly cursor: string;
}
