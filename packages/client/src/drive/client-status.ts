import { isOver, watchedStatus, type Status, type Watchable } from "../status.ts";

/** One status for the whole client. */
export interface ClientStatus {
  readonly status: Watchable<Status>;
  /** Takes a subscription into account until it has closed. */
  readonly include: (subscription: Watchable<Status>) => void;
}

/**
 * The status of a client is its connection's. Where nothing is wrong with that, it is the one of a subscription that
 * fails: of the one that began to fail first.
 */
export function createClientStatus(connection: Watchable<Status>): ClientStatus {
  const { status, set } = watchedStatus(connection.value);
  /** The subscriptions that have failed. */
  const failed = new Set<Watchable<Status>>();

  function show(): void {
    const [first] = failed;
    const { state } = connection.value;
    set((state === "live" || state === "idle") && first ? first.value : connection.value);
  }

  function include(subscription: Watchable<Status>): void {
    const update = (value: Status): void => {
      if (value.state === "retrying" || (value.state === "closed" && !isOver(value))) {
        failed.add(subscription);
      } else {
        failed.delete(subscription);
      }
      show();
    };
    update(subscription.value);
    subscription.subscribe(update);
  }

  connection.subscribe(show);
  return { status, include };
}
