import type { PageBody } from "@tidings/protocol";
import { toPosition } from "../state/position.ts";
import { foreign } from "./failure.ts";
import { readJson } from "./read-json.ts";

/** A page may have so many times the bytes of one event. */
const EVENTS_A_PAGE = 16;

/** @throws Failure where the answer is no page, or too large */
export async function readPage(response: Response, maxEventBytes: number): Promise<PageBody> {
  const page = await readJson<PageBody>(response, EVENTS_A_PAGE * maxEventBytes);
  if (isPage(page)) {
    return page;
  }
  throw foreign("a page", "other JSON");
}

/** Everything but data and states, which the contract checks one by one. */
function isPage(page: Partial<PageBody>): page is PageBody {
  const { events, cursor, more, gap, refused } = page;
  return (
    Array.isArray(events) &&
    events.every(isEvent) &&
    typeof cursor === "string" &&
    toPosition(cursor) !== null &&
    typeof more === "boolean" &&
    (gap === undefined || areTexts((Object(gap) as NonNullable<typeof gap>).channels)) &&
    (refused === undefined || areTexts(refused))
  );
}

function isEvent(event: unknown): boolean {
  const { channel, type, clear = "", id = "" } = Object(event) as Partial<Record<string, unknown>>;
  return [channel, type, clear, id].every(isText);
}

/** Whether every member of an object is a text. */
function areTexts(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.values(value).every(isText);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}
