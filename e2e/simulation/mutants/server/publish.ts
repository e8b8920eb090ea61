import type * as publisherModule from "../../../../packages/server/src/publish/publisher.ts";
import type * as sleepModule from "../../../../packages/server/src/runtime/sleep.ts";
import type * as wakeQueueModule from "../../../../packages/server/src/stream/wake-queue.ts";
import { replace, type Mutation } from "../../../mutation/mutation.ts";
import { withMethods } from "../../../mutation/with-methods.ts";
import { breaking, type Mutant } from "../mutant.ts";

type PublisherNeeds = Parameters<(typeof publisherModule)["createPublisher"]>[0];
type Log = PublisherNeeds["log"] & {
  /** Only where the log has transactions. */
  appendIn?(transaction: unknown, batch: Parameters<PublisherNeeds["log"]["append"]>[0]): Promise<unknown>;
};
type Waiter = Parameters<ReturnType<(typeof wakeQueueModule)["createWakeQueue"]>["add"]>[0];

/** A publisher that appends in another way. */
const appendOtherwise = (change: (log: Log) => Partial<Log>): Mutation =>
  replace<typeof publisherModule>("packages/server/src/publish/publisher.ts", {
    createPublisher: (createPublisher) => (needs) =>
      createPublisher({ ...needs, log: withMethods<Log>(needs.log, change(needs.log)) }),
  });

/** Hubs that break laws where they publish, wake readers and wait. */
export const publishMutants: readonly Mutant[] = [
  breaking(
    "law 6",
    "acknowledged before it is appended",
    appendOtherwise((log) => ({
      append: async (batch) => {
        const { epoch, seq } = await log.head();
        void log.append(batch).catch(() => {});
        return batch.map((_, index) => ({ cursor: { epoch, seq: seq + 1 + index }, duplicate: false }));
      },
    })),
    "much is published in every mode",
  ),
  breaking(
    "law 6",
    "published beside the transaction",
    appendOtherwise((log) => ({ appendIn: (_, batch) => log.append(batch) })),
    "transactions commit, roll back and stay open",
  ),
  breaking(
    "turns",
    "readers that wait when a turn ends get no other turn",
    replace<typeof wakeQueueModule>("packages/server/src/stream/wake-queue.ts", {
      createWakeQueue: (createWakeQueue) => (needs) => {
        const { ring } = needs;
        const pumps = new Map<Waiter, Waiter>();
        const forgetBatches = (): void => {
          ring.forgetBatches();
          // The end of a turn.
          pumps.clear();
        };
        const queue = createWakeQueue({ ...needs, ring: withMethods(ring, { forgetBatches }) });
        const add = (waiter: Waiter): void => {
          if (pumps.has(waiter)) return;
          const pump = {
            isQueued: false,
            pump() {
              if (pumps.get(waiter) !== pump) return;
              pumps.delete(waiter);
              waiter.pump();
            },
          };
          pumps.set(waiter, pump);
          queue.add(pump);
        };
        return withMethods(queue, { add });
      },
    }),
    "a busy server with many readers",
  ),
  breaking(
    "handles",
    "a sleeper's timer stays",
    replace<typeof sleepModule>("packages/server/src/runtime/sleep.ts", {
      sleep:
        (sleep) =>
        (clock, ...rest) => {
          const setTimeout: typeof clock.setTimeout = (...timer) => {
            clock.setTimeout(...timer);
            return () => {};
          };
          return sleep({ setTimeout }, ...rest);
        },
    }),
    "much is published in every mode",
  ),
];
