import type { HubRequest } from "../hub-options.ts";

/** The query of a request's URL; empty when the URL has none. */
export function queryOf({ url }: Pick<HubRequest, "url">): URLSearchParams {
  const mark = url.indexOf("?");
  return new URLSearchParams(mark === -1 ? "" : url.slice(mark + 1));
}
