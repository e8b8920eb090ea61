/** The headers of a stream, but `Vary`, which depends on the origins too. `no-transform` and `X-Accel-Buffering` keep proxies from holding events back. */
export const STREAM_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "text/event-stream",
  "cache-control": "no-store, no-transform",
  "x-accel-buffering": "no",
  "x-content-type-options": "nosniff",
};

/** The headers of a page. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "application/json",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
};

/** The headers of an error. */
export const PROBLEM_HEADERS: Readonly<Record<string, string>> = {
  ...PAGE_HEADERS,
  "content-type": "application/problem+json",
};

export type Representation = "stream" | "page";

/**
 * What an `Accept` header asks for: the stream unless JSON ranks strictly higher; null when it allows neither
 * (RFC 9110, section 12.5.1).
 */
export function negotiate(accept: string | null): Representation | null {
  if (accept === null || accept.trim() === "") return "stream";
  const stream = quality(accept, "text", "event-stream");
  const page = quality(accept, "application", "json");
  if (stream === 0 && page === 0) return null;
  return page > stream ? "page" : "stream";
}

/** The quality of the most specific range that matches. */
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
