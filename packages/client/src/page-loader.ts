import { isCursor, type EventRequest, type PageBody } from "@tidings/protocol";
import { attempt } from "./attempt.ts";
import type { Context } from "./context.ts";
import { foreign, readJson } from "./requests.ts";

/** Asks for a page. @throws Ending */
export function fetchPage(context: Context, request: EventRequest): Promise<PageBody> {
  return attempt(context, request, "application/json", async (response) => {
    const page = await readJson<PageBody>(response);
    // The rest is the server's word; its events are checked by the contract one by one.
    if (Array.isArray(page.events) && isCursor(`${page.cursor}`)) return page as PageBody;
    throw foreign("a page", "other JSON");
  }).result;
}

/**
 * Fetches a page for a subscription. Equal ones that are wanted in the same moment share one request: a page load opens one,
 * not one per channel.
 *
 * @param after where to go on from
 * @param start where to begin instead, with current values: a cursor, or `now`
 * @param snapshot whether to begin with a state, too
 * @throws Ending
 */
export function loadPage(
  context: Context,
  path: string,
  after: string | null,
  start: string | null,
  snapshot: boolean,
): Promise<PageBody> {
  const { gathering } = context;
  const key = `${after} ${start} ${snapshot}`;
  let gathered = gathering.get(key);
  if (!gathered) {
    const channels = new Map<string, string | null>();
    const page = Promise.resolve().then(() => {
      gathering.delete(key);
      return fetchPage(context, { channels, after, snapshot });
    });
    gathering.set(key, (gathered = { channels, page }));
  }
  gathered.channels.set(path, start);
  return gathered.page;
}
