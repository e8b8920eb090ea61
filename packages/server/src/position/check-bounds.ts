import type { Cursor } from "@tidings/protocol";
import { Refusal } from "../request/refusal.ts";
import { hasVoidBound } from "./owed.ts";
import type { StartPosition } from "./start-position.ts";

/**
 * Checks that no lower bound has become void while a page was made. Otherwise what the page leaves out may be new.
 *
 * @param position where the read began
 * @param next where it ended
 * @throws Refusal the client asks again
 */
export function checkBounds(
  { fromByPath, epoch }: Pick<StartPosition, "fromByPath" | "epoch">,
  position: Cursor,
  next: Cursor,
): void {
  if (!hasVoidBound(fromByPath, epoch, position, next)) return;
  throw new Refusal(503, "unavailable", { detail: "The log has failed over while this page was made." });
}
