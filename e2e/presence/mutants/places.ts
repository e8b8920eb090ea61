import type * as allPlacesModule from "../../../packages/server/src/presence/all-places.ts";
import type * as serverLeaseModule from "../../../packages/server/src/presence/server-lease.ts";
import type * as renewalsModule from "../../../packages/server/src/presence/renewals.ts";
import type * as roomModule from "../../../packages/server/src/presence/streams-without-room.ts";
import { replace } from "../../mutation/mutation.ts";
import { countWith, FOLDER, hubWith, inCount, inPeople, onServer, type Mutant } from "./mutant.ts";

function inAllPlaces(change: (original: typeof allPlacesModule.AllPlaces) => typeof allPlacesModule.AllPlaces) {
  return replace<typeof allPlacesModule>(`${FOLDER}/all-places.ts`, { AllPlaces: change });
}

function inRenewals(change: (original: typeof renewalsModule.Renewals) => typeof renewalsModule.Renewals) {
  return replace<typeof renewalsModule>(`${FOLDER}/renewals.ts`, { Renewals: change });
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
    mutation: inPeople(
      (People) =>
        class extends People {
          override async keep(): Promise<void> {
            this.publishAll();
          }
        },
    ),
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
    breaks: "a newcomer takes the room of somebody else",
    by: "bounds",
    mutation: onServer("all-places", "if (!place.isVacant) continue;", ""),
  },
  {
    breaks: "the end of a stream that found no room is that of another stream of its viewer",
    by: "bounds",
    mutation: replace<typeof roomModule>(`${FOLDER}/streams-without-room.ts`, {
      StreamsWithoutRoom: (StreamsWithoutRoom) =>
        class extends StreamsWithoutRoom {
          override remove(): boolean {
            return false;
          }
        },
    }),
  },
  {
    breaks: "a number that waits to be published is dropped to make room",
    by: "bounds",
    mutation: onServer("count", " && this.#cancelPublish === null && !hasOwn", " && hasOwn !== null"),
  },
  {
    breaks: "each change of a number is published by itself",
    by: "only the number",
    mutation: countWith(({ clock, grace }) => ({
      clock: {
        now: () => clock.now(),
        monotonic: () => clock.monotonic(),
        setTimeout: (task, milliseconds, ...rest) =>
          clock.setTimeout(task, milliseconds === grace ? grace : 0, ...rest),
      },
    })),
  },
  {
    breaks: "a number of nobody stays",
    by: "only the number",
    mutation: countWith(({ hub }) => ({ hub: hubWith(hub, { clear: async () => {} }) })),
  },
  {
    breaks: "the number of a server that is dead stays",
    by: "only the number",
    mutation: countWith(({ lease }) => ({
      lease: () => ({ server: lease().server, otherServers: () => [], isAlive: () => true }),
    })),
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
