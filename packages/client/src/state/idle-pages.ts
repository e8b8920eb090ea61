import { covers, type PageBody } from "@tidings/protocol";
import { isAfter, toPosition, type Position } from "./position.ts";

/** After so many idle pages in a row, the next one comes after a pause. */
export const MOST_IDLE = 100;

/** Whether a page brings no event from after a position. Its cursor shows no progress then: it may be any number. */
export function isEmpty({ events }: PageBody, from: Position | null): boolean {
  return events.every(({ id }) => covers(from, toPosition(id)));
}

/**
 * How many pages in a row have shown no progress. An honest server may send a few: it has passed over what is hidden or
 * superseded, or has failed over.
 * @param before how many there were
 * @param from where the last page began; null where it began anew
 * @param to where it has led
 */
export function countIdle(before: number, page: PageBody, from: Position | null, to: Position | null): number {
  const isIdle = from !== null && (isEmpty(page, from) || !isAfter(to, from));
  return isIdle ? before + 1 : 0;
}
