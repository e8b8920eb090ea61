import type { Status } from "@tidings/client";

/** What a component sees of an address: its state, and where its subscription stands. A new one after every change. */
export type View<State> = readonly [state: State, status: Status];

/**
 * Takes from a view what a component shows. The component renders again only when the result is another one
 * (`Object.is`).
 */
export type Select<State, Selected> = (state: State, status: Status) => Selected;

/** Before the first attempt, on the server, and while a page of the server becomes alive. */
export const CONNECTING: Status = { state: "connecting" };

/** Shows everything. */
export function selectView<State>(state: State, status: Status): View<State> {
  return [state, status];
}

/**
 * Selects once from each view. React asks again and again, and a selection that is made anew each time, such as a list,
 * would look like a change.
 */
export function selectOnce<State, Selected>(select: Select<State, Selected>): (view: View<State>) => Selected {
  let last: { readonly view: View<State>; readonly selected: Selected } | null = null;
  return (view) => {
    if (last?.view !== view) {
      last = { view, selected: select(...view) };
    }
    return last.selected;
  };
}
