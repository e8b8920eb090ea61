import type { PageBody } from "@tidings/protocol";
import { toPosition } from "../state/position.ts";
import { foreign } from "./failure.ts";
import { readJson } from "./read-json.ts";

/** A page may have so many times the bytes of one event. */
const EVENTS_A_PAGE = 16;

/** @throws Failure where the answer is no page; RangeError where it is too large */
export async function readPage(response: Response, maxEventBytes: number): Promise<PageBody> {
  const page = await readJson<PageBody>(response, EVENTS_A_PAGE * maxEventBytes);
  const { events, cursor, gap } = page;
  // The contract checks its events one by one. Null is nothing that could be checked.
  const isList = Array.isArray(events) && !(events as readonly unknown[]).includes(null);
  if (isList && toPosition(`${cursor}`) && (!gap || gap.channels)) {
    return page as PageBody;
  }
  throw foreign("a page", "other JSON");
}
