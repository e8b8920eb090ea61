import type { Hole } from "@tidings/log";
import { formatCursor, type Cursor } from "@tidings/protocol";
import { gapData } from "../wire/frame.ts";

/** What a page says. Events and states are JSON already. */
export interface PageParts {
  readonly events: readonly string[];
  readonly cursor: Cursor;
  readonly more: boolean;
  /** If a path has two holes, the last one counts. */
  readonly holes: readonly Hole[];
  /** A JSON object: the states by path. */
  readonly states?: string;
}

/** The body of a page (PROTOCOL.md, section 6), put together as text. */
export function pageJson(
  { events, cursor, more, holes, states }: PageParts,
  refused: ReadonlyMap<string, "forbidden" | "unknown">,
): string {
  const rest = JSON.stringify({
    cursor: formatCursor(cursor),
    more,
    gap: holes.length > 0 ? gapData(holes) : undefined,
    refused: refused.size > 0 ? Object.fromEntries(refused) : undefined,
  });
  return `{"events":[${events.join()}],${rest.slice(1, -1)}${states === undefined ? "" : `,"state":${states}`}}`;
}
