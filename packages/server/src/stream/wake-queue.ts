import type { Clock } from "@tidings/protocol/clock";
import { TurnBudget } from "../runtime/turn-budget.ts";

/** Something that waits to go on: a connection, or a page that is held back. */
export interface Pumpable {
  /** Goes on as far as it can. */
  pump(): void;
}

interface WakeQueueNeeds {
  readonly clock: Pick<Clock, "now" | "defer">;
  /** Called after each turn: what is shared within one turn is not needed any more. */
  readonly ring: { forgetBatches(): void };
}

/** Who goes on at the end of this turn of the event loop, or of a later one. In the order in which they were added. */
export interface WakeQueue {
  /** Whether connections have used up their time in this turn. */
  readonly isTurnOver: boolean;
  /** Lets somebody go on. There is one write per connection and turn, however many events came in it. */
  add(waiter: Pumpable): void;
}

export function createWakeQueue({ clock, ring }: WakeQueueNeeds): WakeQueue {
  const waiters = new Set<Pumpable>();
  const budget = new TurnBudget(clock);
  let isScheduled = false;

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    clock.defer(pumpAll);
  }

  function pumpAll(): void {
    isScheduled = false;
    for (const waiter of waiters) {
      waiters.delete(waiter);
      waiter.pump();
      if (budget.isSpent) break;
    }
    ring.forgetBatches();
    // Those who are still in the queue keep their order.
    if (waiters.size > 0) schedule();
  }

  return {
    get isTurnOver() {
      return budget.isSpent;
    },
    add(waiter) {
      waiters.add(waiter);
      schedule();
    },
  };
}
