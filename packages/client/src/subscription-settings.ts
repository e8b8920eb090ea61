import type { Cursor } from "@tidings/protocol";
import type { Clock } from "./clock.ts";
import type { PageLoader } from "./page-loader.ts";
import type { Status, Watchable } from "./status.ts";
import type { StreamError } from "./stream-error.ts";
import type { Subscription } from "./subscription.ts";
import type { Trace } from "./trace.ts";

/** What the subscriptions of a client have in common. */
export interface SubscriptionSettings {
  readonly pages: PageLoader;
  readonly clock: Clock;
  readonly random: () => number;
  readonly trace: Trace;
  /** The shared connection's. */
  readonly status: Watchable<Status>;
  /** Everything up to here the stream has delivered to who has joined. */
  handled(): Cursor | null;
  /** The same, with the event that is being delivered. */
  carried(): Cursor | null;
  readonly onError: (error: StreamError) => void;
  readonly onClosed: (subscription: Subscription) => void;
}
