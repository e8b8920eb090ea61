import type { Person } from "@tidings/contract/presence";
import { callSafely } from "@tidings/protocol/call-safely";

/** What is called when somebody comes or goes. */
export interface PeopleHandlers<P> {
  /** Somebody has come. Not called for those who were there at the beginning. */
  readonly onJoin?: (person: P) => void;
  /** Somebody has left. */
  readonly onLeave?: (person: P) => void;
}

/** Tells who has come and who has left, from one list of people to the next. */
export class PeopleChanges {
  readonly #handlers: PeopleHandlers<Person<unknown>>;
  /** By viewer. Null until everybody is known who was there at the beginning. */
  #known: ReadonlyMap<string, Person<unknown>> | null = null;

  constructor(handlers: PeopleHandlers<Person<unknown>>) {
    this.#handlers = handlers;
  }

  note(people: readonly Person<unknown>[]): void {
    const before = this.#known;
    const now = new Map(people.map((person) => [person.viewer, person]));
    this.#known = now;
    if (before === null) return;
    const { onJoin, onLeave } = this.#handlers;
    for (const [viewer, person] of now) {
      if (!before.has(viewer)) callSafely(() => onJoin?.(person));
    }
    for (const [viewer, person] of before) {
      if (!now.has(viewer)) callSafely(() => onLeave?.(person));
    }
  }
}
