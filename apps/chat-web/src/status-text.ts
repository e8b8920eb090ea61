import type { Status } from "@tidings/client";

/** The status of the connection, in words for the person. */
export interface StatusText {
  readonly tone: "good" | "waiting" | "bad";
  readonly text: string;
  /** When the next attempt begins, in milliseconds since 1970. */
  readonly retryAt?: number;
  /** Whether an attempt can begin now: not before the time that the server sets. */
  readonly canTryNow?: boolean;
}

/** Describes the client's status in words that need no technical knowledge. */
export function describeStatus(status: Status): StatusText {
  switch (status.state) {
    case "idle":
    case "connecting":
      return { tone: "waiting", text: "Connecting…" };
    case "live":
      return { tone: "good", text: "Live" };
    case "retrying":
      return describeRetry(status);
    case "closed":
      return { tone: "bad", text: "Disconnected. Reload the page to come back." };
  }
}

function describeRetry({ reason, at }: Extract<Status, { state: "retrying" }>): StatusText {
  const retry = { retryAt: at };
  switch (reason) {
    case "offline":
      return { tone: "bad", text: "You are offline", ...retry, canTryNow: true };
    case "draining":
      return { tone: "waiting", text: "Server restarting", ...retry };
    case "max-age":
    case "expired":
    case "gap":
      return { tone: "waiting", text: "Reconnecting…" };
    case "limit":
    case "unavailable":
      return { tone: "bad", text: "The server is busy", ...retry };
    case "network":
    case "timeout":
      return { tone: "bad", text: "Connection lost", ...retry, canTryNow: true };
    case "bad-response":
    case "bad-option":
    case "unknown":
    case "unauthenticated":
    case "forbidden":
    case "rejected":
    case "finished":
    case "ended":
    case "gap-loop":
    case "closed":
      return { tone: "bad", text: "Connection lost", ...retry };
  }
}

/** Returns when the next attempt begins, for example `reconnecting in 3 s`. */
export function describeWait(retryAt: number | undefined, now: number): string {
  if (retryAt === undefined) return "";
  const seconds = Math.ceil((retryAt - now) / 1_000);
  return seconds > 0 ? `reconnecting in ${seconds} s` : "trying…";
}
