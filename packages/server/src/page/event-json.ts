import type { Entry } from "@tidings/log";
import { idOf } from "../wire/frame.ts";

/**
 * An event of a page, as JSON. The log keeps data as JSON, so nothing is parsed to be written again.
 * @param id null for a current value
 */
export function eventJson(entry: Entry, id = idOf(entry)): string {
  const { channel, type, data, key = "" } = entry;
  const head = JSON.stringify({ channel, type, ...(data === null ? { clear: key } : {}), id: id ?? undefined });
  return data === null ? head : `${head.slice(0, -1)},"data":${data}}`;
}
