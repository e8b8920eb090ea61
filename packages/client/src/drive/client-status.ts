import { IDLE_STATUS, isOver, watched, type Status, type Watchable } from "../status.ts";

/** One status for the whole client. */
export interface ClientStatus {
  readonly status: Watchable<Status>;
  /** Takes a connection into account, for good. */
  readonly watch: (connection: Watchable<Status>) => void;
  /** Takes a subscription into account until it has closed. */
  readonly include: (subscription: Watchable<Status>) => void;
}

/** Of several connections, the first one of these states is shown: what is wrong, and what works already. */
const ORDER = ["closed", "retrying", "live", "connecting"] as const;

/**
 * A client has the status of its connection. If nothing is wrong with the connection, it has the status of the
 * subscription that was the first to fail.
 */
export function createClientStatus(): ClientStatus {
  const { status, set } = watched<Status>(IDLE_STATUS);
  const connections: Watchable<Status>[] = [];
  /** The subscriptions that have failed, or lack something. */
  const failed = new Set<Watchable<Status>>();
  /** What is shown while nothing is followed. */
  let idle = IDLE_STATUS;

  function show(): void {
    const first = firstFailed();
    const values = connections.map(({ value }) => value);
    const shown = ORDER.map((state) => values.find((value) => value.state === state)).find(Boolean) ?? idle;
    set((shown.state === "live" || shown === idle) && first ? first : shown);
  }

  /** Thousands may fail together, and each of them calls this. So it must not look at all of them. */
  function firstFailed(): Status | undefined {
    let degraded: Status | undefined;
    for (const { value } of failed) {
      if (value.state !== "live") {
        return value;
      }
      degraded ??= value;
    }
    return degraded;
  }

  function watch(connection: Watchable<Status>): void {
    connections.push(connection);
    connection.subscribe(show);
  }

  function include(subscription: Watchable<Status>): void {
    const update = (value: Status): void => {
      const isWhole = value.state === "live" && !value.degraded;
      if (isOver(value) && value.reason !== "closed") {
        idle = { state: "idle", ended: value };
      }
      if (isWhole || value.state === "connecting" || isOver(value)) {
        failed.delete(subscription);
      } else {
        failed.add(subscription);
      }
      show();
    };
    idle = IDLE_STATUS;
    update(subscription.value);
    subscription.subscribe(update);
  }

  return { status, watch, include };
}
