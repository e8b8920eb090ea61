/**
 * One server-sent event: `event`, `data` on one line, `id`, and a blank line. Lines end with LF.
 *
 * @param event the event's name
 * @param json JSON text. `JSON.stringify` never writes the following two: a raw line break, which can only be white
 *   space between tokens, becomes a space; a raw lone surrogate, which has no UTF-8, becomes U+FFFD
 * @param id a cursor token, or null for a frame that must not move the reader's position
 * @throws TypeError if `event` or `id` contains CR, LF or NUL, which could start another field
 */
export function formatFrame(event: string, json: string, id: string | null): string {
  if (BREAKS.test(event) || (id !== null && BREAKS.test(id))) {
    throw new TypeError(`Expected an event name and an id without CR, LF and NUL, got ${JSON.stringify([event, id])}.`);
  }
  const data = json.includes("\n") || json.includes("\r") ? json.replace(/[\r\n]/g, " ") : json;
  return id === null ? `event: ${event}\ndata: ${data}\n\n` : `event: ${event}\ndata: ${data}\nid: ${id}\n\n`;
}

/**
 * A `retry` field: the milliseconds that a reader waits before it reconnects. It belongs to the block that follows.
 *
 * @param milliseconds 0 to 2^31 - 1; it is rounded
 * @throws RangeError outside this range: a timer of a reader would overflow
 */
export function formatRetry(milliseconds: number): string {
  if (!(milliseconds >= 0 && milliseconds <= MAX_RETRY)) {
    throw new RangeError(`Expected a retry of 0 to ${MAX_RETRY} ms, got ${milliseconds}.`);
  }
  return `retry: ${Math.round(milliseconds)}\n`;
}

const MAX_RETRY = 2 ** 31 - 1;
// oxlint-disable-next-line no-control-regex -- NUL is one of the three characters that break a field
const BREAKS = /[\r\n\0]/;
