import type { Transition, Vocabulary } from "../state/transition.ts";

/** What a driver does for its machine. */
interface Drive<State, Inputs extends Vocabulary, Effects extends Vocabulary> {
  readonly transition: <Name extends keyof Inputs>(
    state: State,
    input: Name,
    about: Inputs[Name],
  ) => Transition<State, Effects>;
  /** The request or the timer that a state has begun, and that ends with it. */
  readonly begunBy: (state: State) => object | null;
  /** The machine is in another state, or still in the same. */
  readonly onState: (state: State, before: State) => void;
  readonly effects: { readonly [Name in keyof Effects]: (about: Effects[Name]) => void };
}

/** A state, and what it has begun. */
export interface Machine<State, Inputs extends Vocabulary> {
  readonly state: State;
  readonly input: <Name extends keyof Inputs>(input: Name, about: Inputs[Name]) => void;
  /** Notes how to give up what the state has begun. */
  readonly begin: (giveUp: () => void) => void;
}

/**
 * Runs a pure state machine. Effects may lead to further inputs before they return, and so may the handlers and listeners that
 * they call. What a state has begun is given up when the machine leaves it.
 */
export function createMachine<State, Inputs extends Vocabulary, Effects extends Vocabulary>(
  initial: State,
  { transition, begunBy, onState, effects }: Drive<State, Inputs, Effects>,
): Machine<State, Inputs> {
  let current = initial;
  let giveUp = () => {};
  return {
    get state() {
      return current;
    },
    begin(how) {
      giveUp = how;
    },
    input(name, about) {
      const before = current;
      const next = transition(before, name, about);
      current = next.state;
      if (begunBy(current) !== begunBy(before)) {
        const former = giveUp;
        giveUp = () => {};
        former();
      }
      onState(next.state, before);
      for (const [effect, what] of next.effects) {
        // A handler or a listener has led to another state. Its effects have been carried out already.
        if (current !== next.state) {
          return;
        }
        effects[effect](what);
      }
    },
  };
}
