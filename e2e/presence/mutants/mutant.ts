import type * as countModule from "../../../packages/server/src/presence/count.ts";
import type * as peopleModule from "../../../packages/server/src/presence/people.ts";
import type { PlaceNeeds } from "../../../packages/server/src/presence/place.ts";
import type { PresenceHub } from "../../../packages/server/src/presence/presence-hub.ts";
import type { DirectedMutant } from "../../mutation/describe-hunt.ts";
import { replace, type Mutation, type Patch } from "../../mutation/mutation.ts";
import type { Subject } from "../stories/index.ts";

/** A server or a client that breaks a sentence of docs/guides/presence.md or docs/decisions/presence.md. */
export type Mutant = DirectedMutant<Subject>;

export const FOLDER = "packages/server/src/presence";

const patch = (file: string, from: string, to: string): Patch => ({ file: `packages/${file}.ts`, from, to });

/** For one step inside of a class, which has no seam. */
export function onServer(file: string, from: string, to: string): Patch {
  return patch(`server/src/presence/${file}`, from, to);
}

/** For one step inside of a class, which has no seam. */
export function onClient(file: string, from: string, to: string): Patch {
  return patch(`client/src/presence/${file}`, from, to);
}

/** For a time that the contract itself uses. */
export function inContract(from: string, to: string): Patch {
  return patch("contract/src/presence", from, to);
}

type People = typeof peopleModule.People;

export const inPeople = (change: (original: People) => People): Mutation =>
  replace<typeof peopleModule>(`${FOLDER}/people.ts`, { People: change });

/** A server that says who is there with other needs. */
export const peopleWith = (change: (needs: PlaceNeeds) => Partial<PlaceNeeds>): Mutation =>
  inPeople(
    (People) =>
      class extends People {
        constructor(needs: PlaceNeeds) {
          super({ ...needs, ...change(needs) });
        }
      },
  );

type Count = typeof countModule.Count;

export const inCount = (change: (original: Count) => Count): Mutation =>
  replace<typeof countModule>(`${FOLDER}/count.ts`, { Count: change });

/** A server that says how many are there with other needs. */
export const countWith = (change: (needs: PlaceNeeds) => Partial<PlaceNeeds>): Mutation =>
  inCount(
    (Count) =>
      class extends Count {
        constructor(needs: PlaceNeeds) {
          super({ ...needs, ...change(needs) });
        }
      },
  );

/** A hub, some of whose methods are others. */
export function hubWith(hub: PresenceHub, change: Partial<PresenceHub>): PresenceHub {
  return { publish: hub.publish.bind(hub), clear: hub.clear.bind(hub), events: hub.events.bind(hub), ...change };
}
