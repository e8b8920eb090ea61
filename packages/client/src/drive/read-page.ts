import type { EventRequest, PageBody } from "@tidings/protocol";
import { toPosition } from "../state/position.ts";
import { foreign } from "./failure.ts";
import { readJson } from "./read-json.ts";

/** A page may have so many times the bytes of one event. */
const EVENTS_A_PAGE = 16;

/**
 * A page, with the events of the channels that were asked for: others are no progress.
 * @throws Failure where the answer is no page, or too large
 */
export async function readPage(
  response: Response,
  { channels }: EventRequest,
  maxEventBytes: number,
): Promise<PageBody> {
  const page = await readJson<PageBody>(response, EVENTS_A_PAGE * maxEventBytes);
  if (isPage(page)) {
    return { ...page, events: page.events.filter(({ channel }) => channels.has(channel)) };
  }
  throw foreign("a page", "other JSON");
}

/** Everything but data and states, which the contract checks one by one. */
function isPage(page: Partial<PageBody>): page is PageBody {
  const { events, cursor, more, gap = { channels: {} }, refused = {} } = page;
  return (
    Array.isArray(events) &&
    events.every(isEvent) &&
    typeof cursor === "string" &&
    toPosition(cursor) !== null &&
    typeof more === "boolean" &&
    areTexts((Object(gap) as typeof gap).channels) &&
    areTexts(refused)
  );
}

function isEvent(event: unknown): boolean {
  const { channel, type, clear = "", id = "" } = Object(event) as Partial<Record<string, unknown>>;
  return [channel, type, clear, id].every(isText);
}

/** Whether every member of an object is a text. */
function areTexts(value: unknown): boolean {
  return Object(value) === value && Object.values(value as object).every(isText);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}
