import type { Cursor } from "@tidings/protocol";
import type * as ringModule from "../../../../packages/server/src/window/ring.ts";
import type * as tailerModule from "../../../../packages/server/src/window/tailer.ts";
import { replace, type Mutation } from "../../../mutation/mutation.ts";
import { withMethods } from "../../../mutation/with-methods.ts";
import { breaking, type Mutant } from "../mutant.ts";

type RingClass = (typeof ringModule)["Ring"];
type TailerNeeds = Parameters<(typeof tailerModule)["createTailer"]>[0];

const replaceRing = (wrapper: (original: RingClass) => RingClass): Mutation =>
  replace<typeof ringModule>("packages/server/src/window/ring.ts", { Ring: wrapper });

/** A tailer that gets other parts than its hub has for it. */
const giveTailer = (change: (needs: TailerNeeds) => Partial<TailerNeeds>): Mutation =>
  replace<typeof tailerModule>("packages/server/src/window/tailer.ts", {
    createTailer: (createTailer) => (needs) => createTailer({ ...needs, ...change(needs) }),
  });

/** How often the tailer reads without a doorbell, in milliseconds. */
const POLL = 1_000;

/** Rings and tailers that break laws. */
export const windowMutants: readonly Mutant[] = [
  breaking(
    "law 2",
    "the ring is kept over a failover",
    replaceRing(
      (Ring) =>
        class extends Ring {
          override reset(head: Cursor) {
            if (this.head.epoch === "") super.reset(head);
            else super.push([], head, 0);
          }
        },
    ),
    "retention takes what readers are owed",
  ),
  breaking(
    "volatile",
    "never too old in the ring",
    replaceRing(
      (Ring) =>
        class extends Ring {
          override nextBatch(...[position]: Parameters<InstanceType<RingClass>["nextBatch"]>) {
            // Only the age of an entry needs the time, and no age is greater than NaN.
            return super.nextBatch(position, Number.NaN);
          }
        },
    ),
    "volatile events that come too late",
  ),
  breaking(
    "law 10",
    "a doorbell without a poll",
    giveTailer(({ clock }) => ({
      clock: withMethods(clock, {
        setTimeout: (task, milliseconds, ...more) =>
          milliseconds === POLL ? () => {} : clock.setTimeout(task, milliseconds, ...more),
      }),
    })),
    "much is published in every mode",
  ),
  breaking(
    "law 10",
    "a lost wake-up",
    giveTailer(({ log }) => {
      let reads = 0;
      return {
        log: withMethods(log, {
          read: async (...question) => {
            reads++;
            try {
              return await log.read(...question);
            } finally {
              reads--;
            }
          },
          watch: (wake) =>
            log.watch(() => {
              if (reads === 0) wake();
            }),
        }),
      };
    }),
    "a doorbell rings while the log is read",
  ),
];
