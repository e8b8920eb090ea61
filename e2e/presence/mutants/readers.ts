import type * as changesModule from "../../../packages/client/src/presence/people-changes.ts";
import type * as followedModule from "../../../packages/client/src/presence/followed-values.ts";
import type * as presenceModule from "../../../packages/contract/src/presence.ts";
import { replace } from "../../mutation/mutation.ts";
import { inContract, onClient, type Mutant } from "./mutant.ts";

const CLIENT = "packages/client/src/presence";
const CONTRACT = "packages/contract/src/presence.ts";

type FollowNeeds = ConstructorParameters<typeof followedModule.FollowedValues>[0];

function inFollowedValues(
  change: (original: typeof followedModule.FollowedValues) => typeof followedModule.FollowedValues,
) {
  return replace<typeof followedModule>(`${CLIENT}/followed-values.ts`, { FollowedValues: change });
}

/** A reader that follows values with other needs. */
function followedWith(change: (needs: FollowNeeds) => Partial<FollowNeeds>) {
  return inFollowedValues(
    (FollowedValues) =>
      class extends FollowedValues {
        constructor(needs: FollowNeeds) {
          super({ ...needs, ...change(needs) });
        }
      },
  );
}

function isOfServers({ channel }: FollowNeeds): boolean {
  return "alive" in channel.events;
}

function inPeopleChanges(change: (original: typeof changesModule.PeopleChanges) => typeof changesModule.PeopleChanges) {
  return replace<typeof changesModule>(`${CLIENT}/people-changes.ts`, { PeopleChanges: change });
}

/** What readers make of the values, and for how long these hold. */
export const readers: readonly Mutant[] = [
  {
    breaks: "a lease holds for too long",
    by: "a server that dies",
    mutation: inContract("LEASE_TIME = 20_000", "LEASE_TIME = 32_000"),
  },
  {
    breaks: "a value where nobody comes any more stays for ever",
    by: "a long absence",
    mutation: inContract("FORGOTTEN_AFTER = 86_400_000", "FORGOTTEN_AFTER = 864_000_000"),
  },
  {
    breaks: "the total that a server has left behind is not shown",
    by: "only the number",
    mutation: replace<typeof presenceModule>(CONTRACT, {
      countOf: (countOf) => (counts, isAlive) =>
        countOf(
          Array.from(counts, ({ server, count }) => ({ server, count })),
          isAlive,
        ),
    }),
  },
  {
    breaks: "somebody at two servers is two people",
    by: "who is there",
    mutation: replace<typeof presenceModule>(CONTRACT, {
      peopleOf: (peopleOf) => (heres, isAlive, stateOf) =>
        [...heres].flatMap((here) => peopleOf([here], isAlive, stateOf)),
    }),
  },
  {
    breaks: "somebody at two servers is there since the last moment",
    by: "who is there",
    mutation: replace<typeof presenceModule>(CONTRACT, {
      peopleOf: (peopleOf) => (heres, isAlive, stateOf) => {
        const all = [...heres];
        const last = (name: string) => Math.max(...all.flatMap(({ viewer, since }) => (viewer === name ? since : [])));
        return peopleOf(all, isAlive, stateOf).map((person) => ({ ...person, since: last(person.viewer) }));
      },
    }),
  },
  {
    breaks: "people are in no order",
    by: "who is there",
    mutation: replace<typeof presenceModule>(CONTRACT, {
      peopleOf: (peopleOf) => (heres, isAlive, stateOf) => peopleOf(heres, isAlive, stateOf).toReversed(),
    }),
  },
  {
    breaks: "a reader counts servers that are dead",
    by: "a server that dies",
    mutation: replace<typeof presenceModule>(CONTRACT, {
      peopleOf: (peopleOf) => (heres, _isAlive, stateOf) => peopleOf(heres, () => true, stateOf),
    }),
  },
  {
    breaks: "a reader does not look again when a server dies",
    by: "a server that dies",
    mutation: followedWith((needs) => (isOfServers(needs) ? { onChange() {} } : {})),
  },
  {
    breaks: "whoever comes is told that those have come who were there",
    by: "who is there",
    mutation: inPeopleChanges(
      (PeopleChanges) =>
        class extends PeopleChanges {
          constructor(handlers: ConstructorParameters<typeof changesModule.PeopleChanges>[0]) {
            super(handlers);
            this.note([]);
          }
        },
    ),
  },
  {
    breaks: "whoever comes is told so before the servers are known",
    by: "who is there",
    mutation: inFollowedValues(
      (FollowedValues) =>
        class extends FollowedValues {
          readonly #isOfServers: boolean;
          constructor(needs: FollowNeeds) {
            super(needs);
            this.#isOfServers = isOfServers(needs);
          }
          override get hasBegun(): boolean {
            return this.#isOfServers || super.hasBegun;
          }
        },
    ),
  },
  {
    breaks: "nobody is told who has left",
    by: "who is there",
    mutation: inPeopleChanges(
      (PeopleChanges) =>
        class extends PeopleChanges {
          constructor({ onJoin }: ConstructorParameters<typeof changesModule.PeopleChanges>[0]) {
            super(onJoin === undefined ? {} : { onJoin });
          }
        },
    ),
  },
  {
    breaks: "a reader keeps everybody who has left in a gap",
    by: "a gap",
    mutation: followedWith(() => ({ clock: { setTimeout: () => () => {} } })),
  },
  {
    breaks: "a gap shows everybody leaving",
    by: "a deployment",
    mutation: followedWith(({ clock }) => ({ clock: { setTimeout: (task) => clock.setTimeout(task, 0) } })),
  },
  {
    breaks: "changes that come together make a list each",
    by: "a server that was only slow",
    mutation: onClient(
      "shown-value",
      "this.#cancelTimer ??= this.#clock.setTimeout(() => this.#update(), 0);",
      "this.#update();",
    ),
  },
];
