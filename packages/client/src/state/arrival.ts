import { covers } from "@tidings/protocol";
import type { Position, StreamPosition } from "./position.ts";
import type { SubscriptionState } from "./subscription-state.ts";

/** What a subscription says to somebody who waits for a position. */
export type Arrival =
  /** Everything up to it has been delivered. */
  | "there"
  /** It comes, or something later does. */
  | "onWay"
  /** The subscription has settled in another epoch. Nobody can tell which of the two is later. */
  | "elsewhere"
  | "closed";

export function arrivalAt(state: SubscriptionState, { carried }: StreamPosition, target: Position): Arrival {
  if (state.kind === "closed") {
    return "closed";
  }
  const { kind, cursor } = state;
  // Between the cursor and what the stream has carried, there are only events of other channels. The event that is
  // being delivered now is delivered before the promise resolves.
  const positions = [cursor, kind === "joined" ? carried : cursor];
  if (positions.some((each) => covers(each, target))) {
    return "there";
  }
  const isSettled = cursor && (kind === "joined" || kind === "waiting");
  // When the stream has left the epoch of the cursor, nothing more of that epoch comes.
  const newest = (kind === "joined" && carried) || cursor;
  return !isSettled || newest?.epoch === target.epoch ? "onWay" : "elsewhere";
}
