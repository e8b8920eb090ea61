import { isOver, watchedStatus, type Status, type Watchable } from "../status.ts";

/** One status for the whole client. */
export interface ClientStatus {
  readonly status: Watchable<Status>;
  /** Takes a subscription into account until it has closed. */
  readonly include: (subscription: Watchable<Status>) => void;
}

/**
 * The status of a client is its connection's. Where that is live, it is the one of a subscription that is not: of the
 * one that began to fail first.
 */
export function createClientStatus(connection: Watchable<Status>): ClientStatus {
  const { status, set } = watchedStatus();
  /** The subscriptions that have failed. */
  const failed = new Set<Watchable<Status>>();

  function show(): void {
    const [first] = failed;
    set(connection.value.state === "live" && first ? first.value : connection.value);
  }

  function include(subscription: Watchable<Status>): void {
    subscription.subscribe((value) => {
      if (value.state === "retrying" || (value.state === "closed" && !isOver(value))) {
        failed.add(subscription);
      } else {
        failed.delete(subscription);
      }
      show();
    });
  }

  connection.subscribe(show);
  show();
  return { status, include };
}
