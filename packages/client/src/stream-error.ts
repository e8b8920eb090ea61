/** What went wrong, for a program; docs/errors has the cause and the cure of each. */
export type StreamErrorCode =
  /** The server answered a stream or page request with something else: a proxy, a login page, a wrong url. */
  | "bad-response"
  /** The server refused a request for good: `history`, or what a subscription needs. */
  | "refused"
  /** No connection, or it broke. */
  | "network"
  /** Nothing was heard for too long. */
  | "timeout"
  /** One event is longer than `maxEventBytes`, or a page is much longer. */
  | "event-too-large"
  /** An event or a state does not fit the contract. */
  | "invalid-data"
  /** A handler threw or rejected. The stream goes on. */
  | "handler-failed"
  /** An option of the client is of no use. The client closes. */
  | "bad-option"
  /** The function given as `url` or `headers` threw or rejected. It is called again with the next attempt. */
  | "option-failed"
  /** An iterator without `onGap` met a gap. */
  | "gap"
  /** The client was closed. */
  | "closed";

/** The one error of this package: it says what was expected, what came, and what to do. */
export class StreamError extends Error {
  override readonly name = "StreamError";
  readonly code: StreamErrorCode;

  constructor(code: StreamErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** An error that says what was expected and what came. */
export function unexpected(code: StreamErrorCode, expected: string, got: string, options?: ErrorOptions): StreamError {
  return new StreamError(code, sentenceOf(expected, got), options);
}

/** A mistake of the program, to be thrown at once. */
export function mistake(expected: string, got: string): TypeError {
  return new TypeError(sentenceOf(expected, got));
}

function sentenceOf(expected: string, got: string): string {
  return `Expected ${expected}, got ${got}.`;
}
