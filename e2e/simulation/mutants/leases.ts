import { PublishError } from "@tidings/server";
import type * as leaseEntry from "../../../packages/server/src/lease/lease-entry.ts";
import type * as leaseWatch from "../../../packages/server/src/lease/lease-watch.ts";
import { replace, type Mutation } from "../../mutation/mutation.ts";
import { breaking, type Mutant } from "./mutant.ts";

const ENTRY = "packages/server/src/lease/lease-entry.ts";

type Needs = Parameters<typeof leaseWatch.createLeaseWatch>[0];

/** A hub that watches the leases of others in another way. */
const watchWith = (change: (needs: Needs) => Partial<Needs>): Mutation =>
  replace<typeof leaseWatch>("packages/server/src/lease/lease-watch.ts", {
    createLeaseWatch: (createLeaseWatch) => (needs) => createLeaseWatch({ ...needs, ...change(needs) }),
  });

/** Hubs that break a rule of docs/decisions/leases.md. */
export const leaseMutants: readonly Mutant[] = [
  breaking(
    "leases",
    "the log does not fence writers",
    replace<typeof leaseEntry>(ENTRY, {
      leaseEntry:
        (leaseEntry) =>
        (...given) => {
          const { expects: _, ...entry } = leaseEntry(...given);
          return entry;
        },
    }),
    "writers lose their leases to a log that is slow",
  ),
  breaking(
    "leases",
    "nobody notices that a writer has died",
    replace<typeof leaseWatch>("packages/server/src/lease/lease-watch.ts", {
      createLeaseWatch: () => () => ({ start() {}, follow() {} }),
    }),
    "writers die with their servers",
  ),
  breaking(
    "leases",
    "it is noticed too late that a writer has died",
    watchWith(({ clock }) => ({
      clock: {
        monotonic: () => clock.monotonic(),
        setTimeout: (task, milliseconds, ...rest) => clock.setTimeout(task, 12 * milliseconds, ...rest),
      },
    })),
    "writers die with their servers",
  ),
  breaking(
    "leases",
    "a lease whose renewal a failover has taken is forgotten",
    watchWith(({ publisher }) => ({
      publisher: {
        appendAll: (entries) =>
          publisher.appendAll(entries).catch((error: unknown) => {
            if (!(error instanceof PublishError)) throw error;
            throw new PublishError(error.code, error.message, null);
          }),
      },
    })),
    "writers write while the log loses what they have",
  ),
  breaking(
    "leases",
    "a writer hears only of those who stop it in its own process",
    replace<typeof leaseEntry>(ENTRY, { parseStop: () => () => null }),
    "writers die with their servers",
  ),
];
