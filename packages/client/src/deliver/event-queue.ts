import type { EventsOptions } from "../client.ts";
import type { Gap, ReceivedEvent } from "../handlers.ts";
import type { Reason } from "../status.ts";
import { unexpected, type StreamError } from "../stream-error.ts";
import { callHandler } from "./callback.ts";
import type { Consumer } from "./consumer.ts";
import type { EventItem } from "../state/item.ts";

/** What the loop has not taken yet. A gap stands at its place. */
type QueuedItem = EventItem | Gap;

/** The subscription that fills the queue. */
interface Filler {
  input(name: "room", about: null): void;
  close(): void;
}

const DEFAULT_CAPACITY = 1_024;

/**
 * The iterator behind `for await`. It is bounded, and never in the way of others.
 * @param connect begins to fill it
 */
export function createQueue(
  { onGap, capacity = DEFAULT_CAPACITY }: Pick<EventsOptions, "onGap" | "capacity">,
  onError: (error: StreamError) => void,
  connect: (consumer: Consumer) => Filler,
): AsyncIterableIterator<ReceivedEvent, Reason | ReceivedEvent> {
  let entries: QueuedItem[] = [];
  /**
   * The subscription still stands before a gap that is in the queue. If it asked again from there, it would meet the
   * gap again. So the first event after a gap is always taken.
   */
  let isBeforeGap = false;
  /** The next gap is for an event that the subscription has passed, since no loop can have it. */
  let isPassed = false;
  let reason: Reason | null = null;
  let end: ReceivedEvent | null = null;
  let wake = () => {};
  let last: Promise<unknown> = Promise.resolve();

  const consumer: Consumer = {
    take(item) {
      if (item.kind === "unreadable") {
        onError(item.error);
        isPassed = item.gap !== null;
        return false;
      }
      if (item.kind === "end") {
        ({ event: end } = item);
      }
      // A loop sees events: no withdrawals, and it begins without a state.
      if (item.kind !== "event") {
        return true;
      }
      if (!hasRoomFor(item)) {
        return false;
      }
      if (item.position) {
        isBeforeGap = false;
      }
      push(item);
      return true;
    },
    gap(gap) {
      const { reason: known } = (entries.at(-1) ?? {}) as Partial<Gap>;
      // With nothing between them, the two are one.
      const isTold = known && (isPassed || known === gap.reason);
      isBeforeGap = !isPassed;
      isPassed = false;
      if (!isTold) {
        push(gap);
      }
    },
    close(closed) {
      reason = closed;
      if (closed === "closed") {
        entries = [];
      }
      wake();
    },
  };
  const subscription = connect(consumer);

  function push(entry: QueuedItem): void {
    entries.push(entry);
    wake();
  }

  function hasRoomFor({ position, isVolatile }: EventItem): boolean {
    // One event always has room, whatever the capacity. What is no number bounds nothing: a loop must not be deaf.
    if (!(entries.length >= Math.max(capacity, 1))) {
      return true;
    }
    if (isVolatile) {
      return false;
    }
    // A current value has no position and cannot be asked for again.
    const canWait = position !== null && !isBeforeGap;
    return !canWait || dropVolatile();
  }

  /** Makes room. A queue full of volatile events would be asked for again from the same place, at once and for ever. */
  function dropVolatile(): boolean {
    const index = entries.findIndex((entry) => "isVolatile" in entry && entry.isVolatile);
    if (index === -1) {
      return false;
    }
    entries.splice(index, 1);
    return true;
  }

  async function read(): Promise<IteratorResult<ReceivedEvent, Reason | ReceivedEvent>> {
    for (;;) {
      const entry = entries.shift();
      if (entries.length === 0) {
        subscription.input("room", null);
      }
      if (entry && "event" in entry) {
        return { done: false, value: entry.event };
      }
      if (entry) {
        handleGap(entry);
      } else if (reason !== null) {
        return { done: true, value: end ?? reason };
      } else {
        await new Promise<void>((resolve) => (wake = resolve));
      }
    }
  }

  /** @throws StreamError `gap` */
  function handleGap(gap: Gap): void {
    const { channel } = gap;
    if (onGap) {
      return callHandler("onGap", channel, () => onGap(gap), onError);
    }
    close();
    const got = `a gap after ${gap.after} (${gap.reason}); pass onGap to go on`;
    throw unexpected("gap", `all events of ${channel}`, got);
  }

  function close(): void {
    entries = [];
    subscription.close();
  }

  const queue: AsyncIterableIterator<ReceivedEvent, Reason | ReceivedEvent> = {
    [Symbol.asyncIterator]: () => queue,
    /** First come, first served. */
    next() {
      const next = last.then(read, read);
      last = next;
      return next;
    },
    async return() {
      close();
      return read();
    },
  };
  return queue;
}
