/**
 * One server-sent event: LF only, one data line, `event`, `data`, `id`, blank line.
 *
 * @param event the event's name; a line break or NUL in it is a mistake of the caller
 * @param json JSON text: a raw line break in it can only be white space between tokens, so it becomes a space; a raw lone
 *   surrogate has no UTF-8 and becomes U+FFFD (`JSON.stringify` escapes both)
 * @param id a cursor token, or null for a frame that must not move the reader's position
 * @throws TypeError when `event` or `id` holds CR, LF or NUL, which would start another field
 */
export function formatFrame(event: string, json: string, id: string | null): string {
  if (BREAKS.test(event) || (id !== null && BREAKS.test(id))) {
    throw new TypeError(`Expected an event name and id without CR, LF and NUL, got ${JSON.stringify([event, id])}.`);
  }
  const data = json.includes("\n") || json.includes("\r") ? json.replace(/[\r\n]/g, " ") : json;
  return id === null ? `event: ${event}\ndata: ${data}\n\n` : `event: ${event}\ndata: ${data}\nid: ${id}\n\n`;
}

/**
 * A `retry` field: the milliseconds a reader waits before it comes back. It belongs to the block that follows.
 * @throws RangeError below 0 and above 2^31 - 1, where readers overflow their timers
 */
export function formatRetry(milliseconds: number): string {
  if (!(milliseconds >= 0 && milliseconds <= MAX_RETRY)) {
    throw new RangeError(`Expected a retry of 0 to ${MAX_RETRY} ms, got ${milliseconds}.`);
  }
  return `retry: ${Math.round(milliseconds)}\n`;
}

const MAX_RETRY = 2 ** 31 - 1;
// oxlint-disable-next-line no-control-regex -- NUL is one of the three that break a field
const BREAKS = /[\r\n\0]/;
