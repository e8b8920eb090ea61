import type * as serverLeaseModule from "../../../packages/server/src/presence/server-lease.ts";
import type * as repairsModule from "../../../packages/server/src/presence/repairs.ts";
import type * as visitorsModule from "../../../packages/server/src/presence/visitors.ts";
import { replace } from "../../mutation/mutation.ts";
import { breaking, type Mutant } from "./mutant.ts";

const FOLDER = "packages/server/src/presence";

/** Servers that say who is there in another way. */
export const visitMutants: readonly Mutant[] = [
  breaking(
    "presence",
    "whoever leaves stays",
    replace<typeof visitorsModule>(`${FOLDER}/visitors.ts`, {
      Visitors: (Visitors) =>
        class extends Visitors {
          override leave(): void {}
        },
    }),
    "people come and go while servers die",
  ),
  breaking(
    "presence",
    "whoever comes back is not there",
    replace<typeof visitorsModule>(`${FOLDER}/visitors.ts`, {
      Visitors: (Visitors) =>
        class extends Visitors {
          readonly #known = new Set<string>();
          override enter(viewer: string): boolean {
            const isNew = super.enter(viewer);
            const isFirst = !this.#known.has(viewer);
            this.#known.add(viewer);
            return isNew && isFirst;
          }
        },
    }),
    "people come and go while servers die",
  ),
  breaking(
    "presence",
    "a server whose lease was lost does not begin again",
    replace<typeof serverLeaseModule>(`${FOLDER}/server-lease.ts`, {
      ServerLease: (ServerLease) =>
        class extends ServerLease {
          override async renew(): Promise<serverLeaseModule.Renewal> {
            const renewal = await super.renew();
            return renewal === "lost" ? "failed" : renewal;
          }
        },
    }),
    "people come and go while the log fails",
  ),
  breaking(
    "presence",
    "nothing is repaired",
    replace<typeof repairsModule>(`${FOLDER}/repairs.ts`, {
      Repairs: (Repairs) =>
        class extends Repairs {
          override async meet(): Promise<void> {}
        },
    }),
    "people come and go while the log fails",
  ),
];
