import { formatCursor, type Cursor, type PageBody } from "@tidings/protocol";
import type { Context } from "./context.ts";
import { fetchPage } from "./requests.ts";

/**
 * Fetches a page for a subscription. Equal ones that are wanted in the same moment share one request: a page load opens one,
 * not one per channel.
 *
 * @param after where to go on from; null to begin, with current values and perhaps a snapshot
 * @throws Ending
 */
export function loadPage(context: Context, path: string, after: Cursor | null, snapshot: boolean): Promise<PageBody> {
  const { gathering } = context;
  const key = `${after === null ? "now" : formatCursor(after)} ${snapshot}`;
  const gathered = gathering.get(key) ?? { paths: new Set<string>(), page: Promise.resolve().then(fetchGathered) };
  gathering.set(key, gathered);
  gathered.paths.add(path);
  return gathered.page;

  function fetchGathered(): Promise<PageBody> {
    gathering.delete(key);
    const start = after === null ? "now" : null;
    return fetchPage(context, { channels: new Map([...gathered.paths].map((each) => [each, start])), after, snapshot });
  }
}
