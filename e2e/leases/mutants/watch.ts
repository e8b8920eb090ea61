import type * as watchModule from "../../../packages/server/src/lease/lease-watch.ts";
import { PublishError } from "../../../packages/server/src/publish/publish-error.ts";
import { READ_TIME } from "../../../packages/server/src/runtime/limits.ts";
import { replace } from "../../mutation/mutation.ts";
import { FOLDER, isWithdrawal, watchAppends, watchWith, withoutCondition, type Mutant } from "./mutant.ts";

/** How hubs notice that a writer is gone, and what they do about it. */
export const watch: readonly Mutant[] = [
  {
    breaks: "nobody notices that a writer has died",
    by: "a writer that dies",
    mutation: watchWith(({ writers }) => ({ writers: { ...writers, has: () => true } })),
  },
  {
    breaks: "it is noticed too late",
    by: "a writer that dies",
    mutation: watchWith(({ clock }) => ({
      clock: {
        monotonic: () => clock.monotonic(),
        setTimeout: (task, milliseconds, ...rest) => clock.setTimeout(task, 60 * milliseconds, ...rest),
      },
    })),
  },
  {
    breaks: "whoever notices does not expect the lease that was silent",
    by: "a process that comes back",
    mutation: watchAppends((batch) => batch.map((entry) => (isWithdrawal(entry) ? withoutCondition(entry) : entry))),
  },
  {
    breaks: "a lease is withdrawn, and the address does not end",
    by: "a writer that dies",
    mutation: watchAppends((batch) => batch.filter(isWithdrawal)),
  },
  {
    breaks: "a hub that starts does not read the leases",
    by: "a writer that dies",
    mutation: replace<typeof watchModule>(`${FOLDER}/lease-watch.ts`, {
      createLeaseWatch: (createLeaseWatch) => (needs) => ({ ...createLeaseWatch(needs), start() {} }),
    }),
  },
  {
    breaks: "a read of the leases may take for ever",
    by: "a writer that dies",
    mutation: watchWith(({ clock }) => ({
      clock: {
        monotonic: () => clock.monotonic(),
        setTimeout: (task, milliseconds, ...rest) =>
          milliseconds === READ_TIME ? () => {} : clock.setTimeout(task, milliseconds, ...rest),
      },
    })),
  },
  {
    breaks: "a failure to end an address is not tried again",
    by: "a writer that dies",
    mutation: watchWith(({ publisher }) => ({
      publisher: {
        appendAll: (batch) =>
          publisher.appendAll(batch).catch((error: unknown) => {
            if (error instanceof PublishError) throw error;
            throw new PublishError("conflict", "Somebody else was first.", null);
          }),
      },
    })),
  },
  {
    breaks: "an address that has ended keeps its lease for ever",
    by: "an address that ends",
    mutation: watchWith(({ publisher }) => ({
      publisher: {
        appendAll: (batch) =>
          publisher.appendAll(batch).catch((error: unknown) => {
            if (!(error instanceof PublishError) || error.code !== "ended") throw error;
            return [];
          }),
      },
    })),
  },
  {
    breaks: "a hub ends its own writers when it has been stopped for too long",
    by: "a process that comes back",
    mutation: watchWith(({ writers }) => ({ writers: { ...writers, has: () => false } })),
  },
  {
    breaks: "a silent writer does not hear that somebody else has ended its address",
    by: "an address that ends",
    mutation: watchWith(({ writers }) => ({ writers: { ...writers, noteEnd() {} } })),
  },
];
