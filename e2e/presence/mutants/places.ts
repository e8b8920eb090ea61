import type * as allPlacesModule from "../../../packages/server/src/presence/all-places.ts";
import type * as countModule from "../../../packages/server/src/presence/count.ts";
import type * as serverLeaseModule from "../../../packages/server/src/presence/server-lease.ts";
import type * as peopleModule from "../../../packages/server/src/presence/people.ts";
import type { PlaceNeeds } from "../../../packages/server/src/presence/place.ts";
import type * as renewalsModule from "../../../packages/server/src/presence/renewals.ts";
import { replace } from "../../mutation/mutation.ts";
import { onServer, type Mutant } from "./mutant.ts";

const FOLDER = "packages/server/src/presence";

function inAllPlaces(change: (original: typeof allPlacesModule.AllPlaces) => typeof allPlacesModule.AllPlaces) {
  return replace<typeof allPlacesModule>(`${FOLDER}/all-places.ts`, { AllPlaces: change });
}

function inRenewals(change: (original: typeof renewalsModule.Renewals) => typeof renewalsModule.Renewals) {
  return replace<typeof renewalsModule>(`${FOLDER}/renewals.ts`, { Renewals: change });
}

function inCount(change: (original: typeof countModule.Count) => typeof countModule.Count) {
  return replace<typeof countModule>(`${FOLDER}/count.ts`, { Count: change });
}

/** The addresses of a server, and the numbers there. */
export const places: readonly Mutant[] = [
  {
    breaks: "a server under another id publishes under the former one",
    by: "a server that was only slow",
    mutation: inRenewals(
      (Renewals) =>
        class extends Renewals {
          #first: serverLeaseModule.ServerLease | null = null;
          override get lease(): serverLeaseModule.ServerLease {
            this.#first ??= super.lease;
            return this.#first;
          }
        },
    ),
  },
  {
    breaks: "each renewal publishes everybody again",
    by: "what it costs",
    mutation: replace<typeof peopleModule>(`${FOLDER}/people.ts`, {
      People: (People) =>
        class extends People {
          override async keep(): Promise<void> {
            this.publishAll();
          }
        },
    }),
  },
  {
    breaks: "presence goes on after its hub has closed",
    by: "a deployment",
    mutation: inRenewals(
      (Renewals) =>
        class extends Renewals {
          constructor(needs: ConstructorParameters<typeof renewalsModule.Renewals>[0]) {
            super({ ...needs, onHubClosed: () => {} });
          }
        },
    ),
  },
  {
    breaks: "a server says who is there at any number of addresses",
    by: "bounds",
    mutation: inAllPlaces(
      (AllPlaces) =>
        class extends AllPlaces {
          constructor(needs: ConstructorParameters<typeof allPlacesModule.AllPlaces>[0]) {
            super({ ...needs, mostAddresses: Infinity });
          }
        },
    ),
  },
  {
    breaks: "a state keeps away somebody who comes",
    by: "bounds",
    mutation: onServer("all-places", " && !makeRoom()", ""),
  },
  {
    breaks: "whoever comes takes the room of somebody else",
    by: "bounds",
    mutation: onServer("all-places", "if (!place.isVacant) continue;", ""),
  },
  {
    breaks: "a number that waits to be published is dropped to make room",
    by: "bounds",
    mutation: onServer("count", " && this.#cancelPublish === null && !hasOwn", " && hasOwn !== null"),
  },
  {
    breaks: "each change of a number is published by itself",
    by: "only the number",
    mutation: onServer("count", "COUNT_INTERVAL = 1_000", "COUNT_INTERVAL = 0"),
  },
  {
    breaks: "a number of nobody stays",
    by: "only the number",
    mutation: inCount(
      (Count) =>
        class extends Count {
          constructor(needs: PlaceNeeds) {
            const { hub } = needs;
            const clear = async (): Promise<void> => {};
            super({ ...needs, hub: { clear, publish: hub.publish.bind(hub), events: hub.events.bind(hub) } });
          }
        },
    ),
  },
  {
    breaks: "the number of a server that is dead stays",
    by: "only the number",
    mutation: inCount(
      (Count) =>
        class extends Count {
          constructor(needs: PlaceNeeds) {
            const lease: PlaceNeeds["lease"] = () => ({
              server: needs.lease().server,
              otherServers: () => [],
              isAlive: () => true,
            });
            super({ ...needs, lease });
          }
        },
    ),
  },
  {
    breaks: "a server that ends does not leave the total behind",
    by: "only the number",
    mutation: inCount(
      (Count) =>
        class extends Count {
          override async handOver(): Promise<void> {}
        },
    ),
  },
  {
    breaks: "a server that ends does not renew its lease if a number is refused",
    by: "a deployment",
    mutation: onServer("all-places", "place.handOver().catch(report)", "place.handOver()"),
  },
];
