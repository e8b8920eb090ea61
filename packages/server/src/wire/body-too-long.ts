/** What the JSON of a request rejects with. The client gets the text, and asks for fewer channels at once. */
export function bodyTooLong(limit: number): RangeError {
  return new RangeError(`Expected a body of ${limit} bytes at most, got more; ask for fewer channels.`);
}
