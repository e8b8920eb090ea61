/**
 * The headers of a stream, without `Vary`, which also depends on the allowed origins. `no-transform` and
 * `X-Accel-Buffering` stop proxies from holding events back.
 */
export const STREAM_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "text/event-stream",
  "cache-control": "no-store, no-transform",
  "x-accel-buffering": "no",
  "x-content-type-options": "nosniff",
};

/** The headers of a page, without `Vary`. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "application/json",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
};

/** The headers of an error response, without `Vary`. */
export const PROBLEM_HEADERS: Readonly<Record<string, string>> = {
  ...PAGE_HEADERS,
  "content-type": "application/problem+json",
};

/** The two representations of `/events`: `text/event-stream` and `application/json`. */
export type Representation = "stream" | "page";

/**
 * Chooses by an `Accept` header (RFC 9110, section 12.5.1): the stream, unless JSON ranks strictly higher.
 *
 * @returns null if the header allows neither
 */
export function negotiate(accept: string | null): Representation | null {
  if (accept === null || accept.trim() === "") return "stream";
  const stream = quality(accept, "text", "event-stream");
  const page = quality(accept, "application", "json");
  if (stream === 0 && page === 0) return null;
  return page > stream ? "page" : "stream";
}

/** The quality, 0 to 1, of the most specific media range that matches. */
function quality(accept: string, type: string, subtype: string): number {
  let best = { specificity: -1, q: 0 };
  for (const range of accept.toLowerCase().split(",")) {
    const [media = "", ...parameters] = range.split(";").map((part) => part.trim());
    const specificity = [`*/*`, `${type}/*`, `${type}/${subtype}`].indexOf(media);
    const given = Number.parseFloat(parameters.find((parameter) => parameter.startsWith("q="))?.slice(2) ?? "1");
    const q = Number.isNaN(given) ? 1 : Math.min(1, Math.max(0, given));
    if (specificity > best.specificity) best = { specificity, q };
  }
  return best.q;
}
