/** How long a reader may take to read the end of a stream, in milliseconds. */
const END_TIME = 5_000;

/** What ends a stream: a response, or a bare socket. */
interface Ending {
  destroy(): unknown;
  once(event: "close", listener: () => void): unknown;
}

/**
 * Destroys a socket whose stream has ended, unless it closes in time. A reader that has stopped reading never sees the
 * end, and would keep its socket for ever.
 */
export function destroyUnread(ending: Ending): void {
  const timer = setTimeout(() => ending.destroy(), END_TIME).unref();
  ending.once("close", () => clearTimeout(timer));
}
