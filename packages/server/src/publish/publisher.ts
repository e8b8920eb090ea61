import type { Address } from "@tidings/contract";
import { AppendError, type Appended, type EventLog, type NewEntry, type TransactionalLog } from "@tidings/log";
import { formatCursor } from "@tidings/protocol";
import { checkObject, typeNameOf } from "@tidings/protocol/checks";
import type { Clock } from "@tidings/protocol/clock";
import type { Trace } from "../runtime/trace.ts";
import { TurnBudget } from "../runtime/turn-budget.ts";
import { answered } from "./answered.ts";
import { endEntry, eventEntry, withdrawalEntry, type EntryNeeds } from "./new-entry.ts";
import type { AnyPublication, Published, PublishOptions } from "./publication.ts";
import { refusing } from "./publish-error.ts";

interface PublisherNeeds extends EntryNeeds {
  readonly log: EventLog;
  readonly trace: Pick<Trace, "stage">;
  readonly clock: Pick<Clock, "monotonic" | "defer" | "setTimeout">;
  /** In milliseconds. */
  readonly publishTimeout: number;
}

/** Appends events to the log. Delivery is not part of it. */
export interface Publisher {
  /** Validates, encodes and appends one event. @throws ContractError, PublishError; nothing is appended then */
  publish(event: AnyPublication): Promise<Published>;
  /** Appends all events or none, next to each other. */
  publishAll(batch: readonly AnyPublication[]): Promise<readonly Published[]>;
  /** Appends one event inside the application's transaction. @throws TypeError when the log has no transactions */
  publishIn(transaction: unknown, event: AnyPublication): Promise<void>;
  /** Ends an address. */
  end(address: Address, data: unknown, options: PublishOptions): Promise<Published>;
  /** Ends an address inside the application's transaction. */
  endIn(transaction: unknown, address: Address, data: unknown, options: PublishOptions): Promise<void>;
  /** Withdraws a `latest` value. @param key @default the one of events without a key */
  clear(address: Address, type: string, key?: string): Promise<Published>;
  /** Appends one entry that is made already. */
  append(entry: NewEntry): Promise<Published>;
  /** Appends entries that are made already, all or none, next to each other. @throws PublishError */
  appendAll(entries: readonly NewEntry[]): Promise<readonly Published[]>;
}

const PUBLICATION_KEYS = ["address", "type", "data", "idempotencyKey", "expects"];

export function createPublisher(needs: PublisherNeeds): Publisher {
  const { log, trace, clock, publishTimeout } = needs;
  // Running time: in the test of an application, which sets the time of day between two publishes, no turn passes.
  const budget = new TurnBudget({ now: () => clock.monotonic(), defer: (task) => clock.defer(task) });

  function appendInTime(entries: readonly NewEntry[]): Promise<readonly Appended[]> {
    return new Promise((resolve, reject) => {
      const appending = log.append(entries);
      const cancel = clock.setTimeout(() => reject(noAnswer(publishTimeout)), publishTimeout, true);
      void appending.then(resolve, reject).finally(cancel);
    });
  }

  async function appendAll(entries: readonly NewEntry[]): Promise<readonly Published[]> {
    const appended = await refusing(() => appendInTime(entries));
    const published = appended.map(({ cursor, duplicate }, index) => {
      const entry = entries[index];
      if (entry !== undefined) trace.stage("publish", entry, cursor);
      return { id: formatCursor(cursor), duplicate };
    });
    // A log in memory answers at once. Without this, a loop that publishes one event after the other would keep the
    // process until its end, and the log would drop what no live reader has had a turn to get.
    if (!budget.isFree) await budget.available();
    return published;
  }

  async function append(entry: NewEntry): Promise<Published> {
    const [published] = await appendAll([entry]);
    return answered(published);
  }

  async function appendIn(transaction: unknown, makeEntry: () => NewEntry): Promise<void> {
    // The types allow this call only on a log with transactions; the check is for programs without types.
    if (!isTransactional(log)) {
      throw new TypeError(
        "Expected a log that shares the application's database for publishIn and endIn, got another; " +
          "use publish or end.",
      );
    }
    // No await before the append: another request must not come between the rows of the transaction and their event.
    await refusing(() => log.appendIn(transaction, [makeEntry()]));
  }

  return {
    append,
    appendAll,
    publish: async (event) => append(eventEntry(needs, event)),

    async publishAll(batch) {
      const kind = typeNameOf(batch);
      if (kind !== "array") throw new TypeError(`Expected a list of events in publishAll, got ${kind}.`);
      for (const event of batch) checkObject("an event of publishAll", event, PUBLICATION_KEYS);
      return appendAll(batch.map((event) => eventEntry(needs, event)));
    },

    clear: async (address, type, key) => append(withdrawalEntry(needs, address, type, key)),

    publishIn: (transaction, event) => appendIn(transaction, () => eventEntry(needs, event)),
    end: async (address, data, options) => append(endEntry(needs, address, data, options)),
    endIn: (transaction, address, data, options) =>
      appendIn(transaction, () => endEntry(needs, address, data, options)),
  };
}

function noAnswer(milliseconds: number): AppendError {
  return new AppendError(
    "unknown",
    `Expected the log to answer a publish within ${milliseconds} ms, got no answer. ` +
      "It may or may not be stored; with an idempotency key it is safe to publish again.",
  );
}

function isTransactional(log: EventLog): log is TransactionalLog<unknown> {
  return "appendIn" in log;
}
