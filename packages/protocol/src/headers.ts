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
 * Chooses by an `Accept` header (RFC 9110, section 12.5.1): the stream, unless JSON ranks strictly higher, or
 * as high and is named more precisely.
 *
 * @returns null if the header allows neither
 */
export function negotiate(accept: string | null): Representation | null {
  // Most readers name exactly this type.
  if (accept === null || accept === STREAM_HEADERS["content-type"] || accept.trim() === "") return "stream";
  const stream = bestRange(accept, "text", "event-stream");
  const page = bestRange(accept, "application", "json");
  if (stream.q === 0 && page.q === 0) return null;
  // HTTP libraries say "application/json, text/plain, */*" and expect JSON.
  const isPage = page.q === stream.q ? page.specificity > stream.specificity : page.q > stream.q;
  return isPage ? "page" : "stream";
}

/** A media range of an `Accept` header. */
interface MediaRange {
  /** -1 if none matches, 0 for all types, 1 for all subtypes of a type, 2 for one type. */
  readonly specificity: number;
  /** The quality, 0 to 1. */
  readonly q: number;
}

/** The most specific media range that matches. */
function bestRange(accept: string, type: string, subtype: string): MediaRange {
  let best: MediaRange = { specificity: -1, q: 0 };
  for (const range of accept.toLowerCase().split(",")) {
    const [media = "", ...parameters] = range.split(";").map((part) => part.trim());
    const specificity = [`*/*`, `${type}/*`, `${type}/${subtype}`].indexOf(media);
    const given = Number.parseFloat(parameters.find((parameter) => parameter.startsWith("q="))?.slice(2) ?? "1");
    const q = Number.isNaN(given) ? 1 : Math.min(1, Math.max(0, given));
    if (specificity > best.specificity) best = { specificity, q };
  }
  return best;
}
