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
  // What the stream has carried of other channels is nothing that we miss. What it is delivering at this moment is
  // delivered before a promise tells of it.
  const places = [cursor, kind === "joined" ? carried : cursor];
  if (places.some((place) => covers(place, target))) {
    return "there";
  }
  const isSettled = cursor && (kind === "joined" || kind === "waiting");
  // When the stream has left the epoch of the cursor, nothing more of that epoch comes.
  const newest = (kind === "joined" && carried) || cursor;
  return !isSettled || newest?.epoch === target.epoch ? "onWay" : "elsewhere";
}
