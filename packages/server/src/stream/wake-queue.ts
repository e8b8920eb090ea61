import type { Clock } from "@tidings/protocol/clock";
import { TurnBudget } from "../runtime/turn-budget.ts";

/** Something that waits to go on: a connection, or a page that is held back. */
export interface Pumpable {
  /** Whether it stands in the queue. Only the queue writes it. */
  isQueued: boolean;
  /** Goes on as far as it can. */
  pump(): void;
}

interface WakeQueueNeeds {
  readonly clock: Pick<Clock, "now" | "defer">;
  /** Called after each turn: what is shared within one turn is not needed any more. */
  readonly ring: { forgetBatches(): void };
}

/**
 * Who goes on at the end of this turn of the event loop, or of a later one. In the order in which they were added. At
 * least one goes on in each turn.
 */
export interface WakeQueue {
  /** Whether connections have used up their time in this turn. */
  readonly isTurnOver: boolean;
  /** Lets somebody go on. There is one write per connection and turn, however many events came in it. */
  add(waiter: Pumpable): void;
}

export function createWakeQueue({ clock, ring }: WakeQueueNeeds): WakeQueue {
  /**
   * Those from `first` to `end` wait. The rest of the list is empty, and is kept: it is filled and emptied in each
   * turn. For thousands of connections, the memory of a new list or of a set would cost more than what they write.
   */
  const waiters: (Pumpable | null)[] = [];
  let first = 0;
  let end = 0;
  const budget = new TurnBudget(clock);
  /** Whether the queue has just said that one of them may go on: a look costs a read of the clock. */
  let hasGivenTime = false;
  let isScheduled = false;

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    clock.defer(pumpAll);
  }

  function pumpAll(): void {
    isScheduled = false;
    // The first one goes on also if other work has used up the time of this turn: it may do so in every turn.
    for (let isFirst = true; first < end && (!budget.isSpent || isFirst); isFirst = false) {
      hasGivenTime = true;
      pumpFirst();
    }
    hasGivenTime = false;
    ring.forgetBatches();
    moveToFront();
    if (end > 0) schedule();
  }

  function pumpFirst(): void {
    const waiter = waiters[first];
    waiters[first] = null;
    first++;
    if (!waiter) return;
    waiter.isQueued = false;
    waiter.pump();
  }

  /** Those who are still in the queue keep their order. */
  function moveToFront(): void {
    waiters.copyWithin(0, first, end);
    waiters.fill(null, end - first, end);
    end -= first;
    first = 0;
  }

  return {
    get isTurnOver() {
      if (!hasGivenTime) return budget.isSpent;
      hasGivenTime = false;
      return false;
    },
    add(waiter) {
      if (waiter.isQueued) return;
      waiter.isQueued = true;
      waiters[end] = waiter;
      end++;
      schedule();
    },
  };
}
