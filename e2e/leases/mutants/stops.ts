import type * as ownLeasesModule from "../../../packages/server/src/lease/own-leases.ts";
import type * as entryModule from "../../../packages/server/src/lease/lease-entry.ts";
import type * as openWriterModule from "../../../packages/server/src/lease/open-writer.ts";
import type * as stopsModule from "../../../packages/server/src/lease/stop-requests.ts";
import { replace } from "../../mutation/mutation.ts";
import { FOLDER, inOpenWriter, watchWith, type Mutant } from "./mutant.ts";

type OwnLeases = typeof ownLeasesModule.OwnLeases;
type OwnLease = ReturnType<OwnLeases["prototype"]["add"]>;
type Lease = OwnLease["lease"];
type WriterNeeds = ConstructorParameters<typeof openWriterModule.OpenWriter>;

const inOwnLeases = (change: (original: OwnLeases) => OwnLeases) =>
  replace<typeof ownLeasesModule>(`${FOLDER}/own-leases.ts`, { OwnLeases: change });

/** A writer whom requests to stop concern from another position on. */
const stopsSince = (position: (held: WriterNeeds[1]) => WriterNeeds[2]["stopsSince"]) =>
  inOpenWriter(
    (OpenWriter) =>
      class extends OpenWriter {
        constructor(...[lease, held, needs]: WriterNeeds) {
          super(lease, held, { ...needs, stopsSince: position(held) });
        }
      },
  );

/** Whom a request to stop concerns. */
export const stops: readonly Mutant[] = [
  {
    breaks: "a request to stop does not reach a writer that has its lease",
    by: "a request to stop",
    mutation: watchWith(({ writers }) => ({ writers: { ...writers, stop() {} } })),
  },
  {
    breaks: "stop reaches every writer of the process",
    by: "a request to stop",
    mutation: inOwnLeases(
      (OwnLeases) =>
        class extends OwnLeases {
          readonly #all: OwnLease[] = [];
          override add(lease: Lease): OwnLease {
            const own = super.add(lease);
            this.#all.push(own);
            return own;
          }
          override ofPath(): readonly OwnLease[] {
            return this.#all;
          }
        },
    ),
  },
  {
    breaks: "a request to stop is forgotten while the lease is being taken",
    by: "a request to stop",
    mutation: inOwnLeases(
      (OwnLeases) =>
        class extends OwnLeases {
          override ofPath(path: string): readonly OwnLease[] {
            return super.ofPath(path).filter(({ writer }) => writer !== null);
          }
        },
    ),
  },
  {
    breaks: "a request to stop concerns the next writer, too",
    by: "a request to stop",
    mutation: replace<typeof entryModule>(`${FOLDER}/lease-entry.ts`, {
      leaseWithdrawals: (leaseWithdrawals) => (path, expects) => {
        const [lease] = leaseWithdrawals(path, expects);
        const [, ofNobody] = leaseWithdrawals("nobody", expects);
        return [lease, ofNobody];
      },
    }),
  },
  {
    breaks: "a request to stop from before the lease was asked for counts",
    by: "a request to stop",
    mutation: stopsSince(() => null),
  },
  {
    breaks: "a request to stop from before the lease counts nowhere",
    by: "a request to stop",
    mutation: stopsSince((held) => held.position),
  },
  {
    breaks: "a hub forgets a request to stop that comes before the lease",
    by: "a request to stop",
    mutation: replace<typeof stopsModule>(`${FOLDER}/stop-requests.ts`, {
      StopRequests: (StopRequests) =>
        class extends StopRequests {
          override set(): void {}
        },
    }),
  },
  {
    breaks: "a hub that starts reads what stands in the log before it knows where it follows",
    by: "a request to stop",
    mutation: watchWith(() => ({ ready: async () => {} })),
  },
  {
    breaks: "a request to stop is gone before the lease may be over",
    by: "a request to stop",
    mutation: replace<typeof entryModule>(`${FOLDER}/lease-entry.ts`, {
      stopEntry: (stopEntry) => (request) => ({ ...stopEntry(request), expires: 60_000 }),
    }),
  },
];
