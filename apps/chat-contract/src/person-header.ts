/**
 * The header with which a page says whose page it is. All tabs of a browser send the cookie of whoever has signed in
 * last, in any of them. If that is somebody else, the request counts as one without a session.
 */
export const PERSON_HEADER = "chat-person";

/** The value of the header. A name can have characters that a header cannot have. */
export function personHeader(name: string): string {
  return encodeURIComponent(name);
}
