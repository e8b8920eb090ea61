import type { Here } from "../../../packages/contract/src/presence.ts";
import type { PlaceNeeds } from "../../../packages/server/src/presence/place.ts";
import type * as repairsModule from "../../../packages/server/src/presence/repairs.ts";
import type * as visitorsModule from "../../../packages/server/src/presence/visitors.ts";
import { replace } from "../../mutation/mutation.ts";
import { FOLDER, hubWith, inPeople, onServer, peopleWith, type Mutant } from "./mutant.ts";

type VisitorsNeeds = ConstructorParameters<typeof visitorsModule.Visitors>[0];

function inVisitors(change: (original: typeof visitorsModule.Visitors) => typeof visitorsModule.Visitors) {
  return replace<typeof visitorsModule>(`${FOLDER}/visitors.ts`, { Visitors: change });
}

/** A server that knows who has a stream with other needs. */
function visitorsWith(change: (needs: VisitorsNeeds) => Partial<VisitorsNeeds>) {
  return inVisitors(
    (Visitors) =>
      class extends Visitors {
        constructor(needs: VisitorsNeeds) {
          super({ ...needs, ...change(needs) });
        }
      },
  );
}

function inRepairs(change: (original: typeof repairsModule.Repairs) => typeof repairsModule.Repairs) {
  return replace<typeof repairsModule>(`${FOLDER}/repairs.ts`, { Repairs: change });
}

/** A server that repairs only some of the faults. */
function repairsOnly(isRepaired: (fault: string) => boolean) {
  return inRepairs(
    (Repairs) =>
      class extends Repairs {
        override meet(faults: repairsModule.Faults): Promise<void> {
          return super.meet(new Map([...faults].filter(([fault]) => isRepaired(fault))));
        }
      },
  );
}

/** A server that does not withdraw a value of a type when its viewer leaves. A repair withdraws it later. */
function withdrawsLate(type: string) {
  return peopleWith(({ hub }) => {
    const forgotten = new Set<string>();
    return {
      hub: hubWith(hub, {
        async clear(address, cleared, key) {
          if (cleared !== type || forgotten.has(key)) return hub.clear(address, cleared, key);
          return forgotten.add(key);
        },
      }),
    };
  });
}

/** Who is at an address, and what is repaired there. */
export const people: readonly Mutant[] = [
  {
    breaks: "a server that ends withdraws its people",
    by: "a deployment",
    mutation: inPeople(
      (People) =>
        class extends People {
          readonly #needs: PlaceNeeds;
          readonly #viewers = new Set<string>();
          constructor(needs: PlaceNeeds) {
            super(needs);
            this.#needs = needs;
          }
          override enter(viewer: string): void {
            super.enter(viewer);
            this.#viewers.add(viewer);
          }
          override async handOver(): Promise<void> {
            const { hub, address, lease } = this.#needs;
            const keys = [...this.#viewers].map((viewer) => `${lease().server}/${viewer}`);
            await Promise.all(keys.map((key) => hub.clear(address, "here", key)));
          }
        },
    ),
  },
  {
    breaks: "a viewer leaves with the last stream at once",
    by: "who is there",
    mutation: visitorsWith(() => ({ grace: 0 })),
  },
  {
    breaks: "the first tab that closes takes the viewer along",
    by: "who is there",
    mutation: inVisitors(
      (Visitors) =>
        class extends Visitors {
          override leave(viewer: string): void {
            for (let tab = 0; tab < 10; tab++) super.leave(viewer);
          }
        },
    ),
  },
  {
    breaks: "whoever comes back in time leaves all the same",
    by: "who is there",
    mutation: visitorsWith(({ clock }) => ({
      clock: {
        setTimeout(...given) {
          clock.setTimeout(...given);
          return () => {};
        },
      },
    })),
  },
  {
    breaks: "who has left is not withdrawn",
    by: "who is there",
    mutation: withdrawsLate("here"),
  },
  {
    breaks: "a server does not take over since when somebody is there",
    by: "a deployment",
    mutation: peopleWith(({ hub, clock }) => ({
      hub: hubWith(hub, {
        // Safe: the values of this type are of this type.
        publish: (address, type, data, options) =>
          hub.publish(address, type, type === "here" ? { ...(data as Here), since: clock.now() } : data, options),
      }),
    })),
  },
  {
    breaks: "the state goes with the last stream at one server",
    by: "the state of a person",
    mutation: peopleWith(({ hub, lease }) => ({
      hub: hubWith(hub, {
        async clear(address, type, key) {
          await hub.clear(address, type, key);
          const own = `${lease().server}/`;
          if (key.startsWith(own)) await hub.clear(address, "state", key.slice(own.length));
        },
      }),
    })),
  },
  {
    breaks: "the state stays when the viewer leaves",
    by: "the state of a person",
    mutation: withdrawsLate("state"),
  },
  {
    breaks: "a state without its viewer is not cleared up",
    by: "the state of a person",
    mutation: repairsOnly((fault) => !fault.startsWith("state ")),
  },
  {
    breaks: "nobody looks whether the viewer of a state is there",
    by: "the state of a person",
    mutation: inRepairs(
      (Repairs) =>
        class extends Repairs {
          override lookAgain(): void {}
        },
    ),
  },
  {
    breaks: "nobody clears up after a server that is dead",
    by: "a server that dies",
    mutation: repairsOnly((fault) => !fault.startsWith("here ")),
  },
  {
    breaks: "a value that the log has lost is not published again",
    by: "a server that was only slow",
    mutation: repairsOnly((fault) => !fault.startsWith("missing ")),
  },
  {
    breaks: "nothing is repaired",
    by: "a server that dies",
    mutation: repairsOnly(() => false),
  },
  {
    breaks: "somebody who stays for a day is forgotten",
    by: "a long stay",
    mutation: peopleWith(({ clock }) => ({
      clock: {
        now: () => clock.now(),
        monotonic: () => clock.monotonic() / 4,
        setTimeout: (...given) => clock.setTimeout(...given),
      },
    })),
  },
  {
    breaks: "the state of somebody who stays for a day is forgotten",
    by: "a long stay",
    mutation: peopleWith(({ hub }) => ({
      hub: hubWith(hub, {
        publish: async (address, type, ...given) =>
          type === "state" ? { id: "" } : hub.publish(address, type, ...given),
      }),
    })),
  },
  {
    breaks: "a server shows any number of people",
    by: "bounds",
    mutation: peopleWith(() => ({ mostPeople: Infinity })),
  },
  {
    breaks: "nobody comes after somebody has left a full room",
    by: "bounds",
    mutation: onServer("people", "    this.#showNext();\n  }\n\n  /** Withdraws", "  }\n\n  /** Withdraws"),
  },
  {
    breaks: "nobody looks whether somebody was withdrawn who was the last one at an address",
    by: "a server that was only slow",
    mutation: onServer("people", "(data as Here).server !== server", "server !== String(data)"),
  },
];
