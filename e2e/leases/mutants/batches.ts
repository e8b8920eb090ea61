import { formatCursor } from "@tidings/protocol";
import type * as entryModule from "../../../packages/server/src/lease/lease-entry.ts";
import type * as openWriterModule from "../../../packages/server/src/lease/open-writer.ts";
import type { Published } from "../../../packages/server/src/publish/publication.ts";
import { replace } from "../../mutation/mutation.ts";
import { withMethods } from "../../mutation/with-methods.ts";
import {
  FOLDER,
  inAppendSurely,
  inOpenWriter,
  isRenewal,
  isTaking,
  isWithdrawal,
  patch,
  withoutCondition,
  withoutKey,
  writersAppend,
  writersWith,
  type Mutant,
} from "./mutant.ts";

const inLeaseEntry = (change: (original: typeof entryModule.leaseEntry) => typeof entryModule.leaseEntry) =>
  replace<typeof entryModule>(`${FOLDER}/lease-entry.ts`, { leaseEntry: change });

type WriterNeeds = ConstructorParameters<typeof openWriterModule.OpenWriter>;

/** What a writer appends, and what it makes of the answer. */
export const batches: readonly Mutant[] = [
  {
    breaks: "whoever wants a lease gets it",
    by: "who has a lease",
    mutation: inLeaseEntry((leaseEntry) => (lease, expects) => {
      const entry = leaseEntry(lease, expects);
      return isTaking(entry) ? withoutCondition(entry) : entry;
    }),
  },
  {
    breaks: "a batch does not expect the lease to be the writer's: there is no fence",
    by: "a process that comes back",
    mutation: inLeaseEntry((leaseEntry) => (lease, expects) => {
      const entry = leaseEntry(lease, expects);
      return isRenewal(entry) ? withoutCondition(entry) : entry;
    }),
  },
  {
    breaks: "the last batch does not expect it",
    by: "a process that comes back",
    mutation: writersAppend((batch) => batch.map((entry) => (isWithdrawal(entry) ? withoutCondition(entry) : entry))),
  },
  {
    breaks: "events are appended without the renewal",
    by: "a process that comes back",
    mutation: writersWith(({ publisher }) => ({
      publisher: {
        async appendAll(batch) {
          const [first, ...events] = batch;
          if (!first?.expects || !isRenewal(first) || events.length === 0) return publisher.appendAll(batch);
          const stands = { id: formatCursor(first.expects), duplicate: false };
          return [stands, ...(await publisher.appendAll(events))];
        },
      },
    })),
  },
  {
    breaks: "the last batch has no keys",
    by: "a log that fails",
    mutation: writersAppend((batch) => (batch.some(isWithdrawal) ? batch.map(withoutKey) : batch)),
  },
  {
    breaks: "the taking of a lease has no key",
    by: "a log that fails",
    mutation: writersAppend((batch) => (batch.some(isTaking) ? batch.map(withoutKey) : batch)),
  },
  {
    breaks: "a batch whose answer got lost counts as refused",
    by: "a log that fails",
    mutation: inAppendSurely(
      (appendSurely) => (needs, batch, doubts) =>
        appendSurely(needs, batch, { ...doubts, findStored: async () => null }),
    ),
  },
  {
    breaks: "an answer that got lost is an error at once",
    by: "a log that fails",
    mutation: inAppendSurely(
      () =>
        ({ publisher }, batch) =>
          publisher.appendAll(batch),
    ),
  },
  {
    breaks: "a writer never gives up",
    by: "a log that fails",
    mutation: inAppendSurely(
      (appendSurely) => (needs, batch, doubts) => appendSurely(needs, batch, { ...doubts, patience: Infinity }),
    ),
  },
  {
    breaks: "each event is a batch of its own",
    by: "who has a lease",
    mutation: inOpenWriter(
      (OpenWriter) =>
        class extends OpenWriter {
          constructor(...[lease, held, needs]: WriterNeeds) {
            const renew: typeof held.renew = async (events) => {
              if (events.length === 0) return held.renew(events);
              const published: Published[] = [];
              for (const event of events) published.push(...(await held.renew([event])));
              return published;
            };
            super(lease, withMethods(held, { renew }), needs);
          }
        },
    ),
  },
  {
    breaks: "events wait without a bound",
    by: "who has a lease",
    mutation: patch("open-writer", "const MOST_WAITING = 10_000", "const MOST_WAITING = Infinity"),
  },
];
