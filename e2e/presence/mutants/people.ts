import type * as peopleModule from "../../../packages/server/src/presence/people.ts";
import type { PlaceNeeds } from "../../../packages/server/src/presence/place.ts";
import type * as repairsModule from "../../../packages/server/src/presence/repairs.ts";
import type * as visitorsModule from "../../../packages/server/src/presence/visitors.ts";
import { replace } from "../../mutation/mutation.ts";
import { onServer, type Mutant } from "./mutant.ts";

const FOLDER = "packages/server/src/presence";

function inPeople(change: (original: typeof peopleModule.People) => typeof peopleModule.People) {
  return replace<typeof peopleModule>(`${FOLDER}/people.ts`, { People: change });
}

function inVisitors(change: (original: typeof visitorsModule.Visitors) => typeof visitorsModule.Visitors) {
  return replace<typeof visitorsModule>(`${FOLDER}/visitors.ts`, { Visitors: change });
}

function inRepairs(change: (original: typeof repairsModule.Repairs) => typeof repairsModule.Repairs) {
  return replace<typeof repairsModule>(`${FOLDER}/repairs.ts`, { Repairs: change });
}

/** Who is at an address, and what is repaired there. */
export const people: readonly Mutant[] = [
  {
    breaks: "a server that ends withdraws its people",
    by: "a deployment",
    mutation: onServer(
      "people",
      "  async handOver(): Promise<void> {}",
      `  async handOver(): Promise<void> {\n    for (const viewer of [...this.#shown.keys()]) this.#hide(viewer);\n  }`,
    ),
  },
  {
    breaks: "a viewer leaves with the last stream at once",
    by: "who is there",
    mutation: inVisitors(
      (Visitors) =>
        class extends Visitors {
          constructor(needs: ConstructorParameters<typeof visitorsModule.Visitors>[0]) {
            super({ ...needs, grace: 0 });
          }
        },
    ),
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
    breaks: "who comes back in time leaves all the same",
    by: "who is there",
    mutation: onServer("visitors", "    visit.cancelEnd();\n    visit.streams++;", "    visit.streams++;"),
  },
  {
    breaks: "who has left is not withdrawn",
    by: "who is there",
    mutation: onServer("people", "    this.#withdraw(viewer).catch(this.#needs.report);\n", ""),
  },
  {
    breaks: "a server does not take over since when somebody is there",
    by: "a deployment",
    mutation: onServer(
      "people",
      "return Math.min(since, ...this.#elsewhere(viewer).map((here) => here.since));",
      "return viewer === '' ? this.#elsewhere(viewer).length : since;",
    ),
  },
  {
    breaks: "the state goes with the last stream at one server",
    by: "the state of a person",
    mutation: onServer("people", "if (isLast && this.#values", "if ((isLast || true) && this.#values"),
  },
  {
    breaks: "the state stays when the viewer leaves",
    by: "the state of a person",
    mutation: onServer("people", "if (isLast && this.#values", "if (isLast && viewer === '' && this.#values"),
  },
  {
    breaks: "a state without its viewer is not cleared up",
    by: "the state of a person",
    mutation: onServer("people", "if (!withValue.has(viewer)) faults", "if (viewer === '') faults"),
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
    mutation: onServer("people", "if (!isRight) faults", "if (!isRight && key === '') faults"),
  },
  {
    breaks: "a value that the log has lost is not published again",
    by: "a server that was only slow",
    mutation: onServer("people", "if (isMissing) faults", "if (isMissing && viewer === '') faults"),
  },
  {
    breaks: "nothing is repaired",
    by: "a server that dies",
    mutation: inRepairs(
      (Repairs) =>
        class extends Repairs {
          override async meet(): Promise<void> {
            await super.meet(new Map());
          }
        },
    ),
  },
  {
    breaks: "somebody who stays for a day is forgotten",
    by: "a long stay",
    mutation: onServer("people", "publishedAt >= FORGOTTEN_AFTER / 2", "publishedAt >= FORGOTTEN_AFTER * 2"),
  },
  {
    breaks: "the state of somebody who stays for a day is forgotten",
    by: "a long stay",
    mutation: onServer("people", "if (isOld) this.#publishStateAgain(viewer)", "if (isOld) Promise.resolve()"),
  },
  {
    breaks: "a server shows any number of people",
    by: "bounds",
    mutation: inPeople(
      (People) =>
        class extends People {
          constructor(needs: PlaceNeeds) {
            super({ ...needs, mostPeople: Infinity });
          }
        },
    ),
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
