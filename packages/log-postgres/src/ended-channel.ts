import { EndedError } from "@tidings/log";
import { parseCursor } from "@tidings/protocol";

const REPORT = /tidings ended: (\S+) at "([^"]*)"/;

/** The error of a batch, if the server has reported that a channel has ended; null for other errors. */
export function reportedEnd(error: unknown): EndedError | null {
  if (!(error instanceof Error)) return null;
  const [, channel, id = ""] = REPORT.exec(error.message) ?? [];
  // A library may have wrapped the error.
  return channel === undefined ? reportedEnd(error.cause) : new EndedError(channel, parseCursor(id));
}
