/**
 * A stream in pieces, as a pure state machine: one long poll after the other, each from where the one before has ended.
 *
 * ```
 * requesting  the first page comes         → delivering
 * loading     the next page comes          → delivering
 * delivering  the page ends                → loading; pausing, where it has shown no progress
 * pausing     the pause is over            → loading
 * any         no page comes, or nobody listens any more → closed
 * ```
 *
 * `closed` absorbs every input.
 */
import type { PageBody } from "@tidings/protocol";
import type { Failure } from "./ending.ts";
import { countIdle, isEmpty, MOST_IDLE } from "./idle-pages.ts";
import { isAfter, toPosition } from "./position.ts";
import { defineTable, to, type Transition } from "./table.ts";

/** The least milliseconds between two polls, where the first has brought nothing, or nothing new in this epoch. */
const PAUSE = 1_000;

/** What every open state knows. */
interface Progress {
  /** Where the next page begins, or the one that was asked for. Null: now. */
  readonly after: string | null;
  /** Whether there is something to bring. Otherwise the server waits for an event. Also true before the first page. */
  readonly more: boolean;
  /** How many pages in a row have shown no progress. */
  readonly idle: number;
}

/** The first page was asked for, or is about to be. */
interface Requesting extends Progress {
  readonly kind: "requesting";
}

/** The next page was asked for. */
interface Loading extends Progress {
  readonly kind: "loading";
}

/** The listener gets what a page has brought. */
interface Delivering extends Progress {
  readonly kind: "delivering";
  /** Milliseconds until the next poll begins. */
  readonly pause: number;
}

/** The next page is asked for when the pause is over. */
interface Pausing extends Progress {
  readonly kind: "pausing";
}

/** No page has come, or nobody listens any more. */
interface Closed {
  readonly kind: "closed";
}

type Open = Requesting | Loading | Delivering | Pausing;
export type PollState = Open | Closed;

/** What can happen, and what is known about it. */
export interface PollInputs {
  /** It is time for the next poll. Also the first input. */
  readonly due: null;
  readonly page: PolledPage;
  /** All that the page has brought was told. */
  readonly pageEnd: null;
  readonly failure: Failure;
  readonly close: null;
}

interface PolledPage {
  readonly body: PageBody;
  /** How many milliseconds the poll has taken. */
  readonly elapsed: number;
}

/** What is to be done, and what is known about it. */
export interface PollEffects {
  /** The input `page` or `failure` follows. */
  readonly load: Pick<Progress, "after" | "more">;
  /** The server says hello. Where the stream begins. */
  readonly hello: string | null;
  /** The input `pageEnd` follows. */
  readonly unpack: PageBody;
  /** The input `due` follows after so many milliseconds. */
  readonly wait: number;
  readonly end: Failure;
}

type Next = Transition<PollState, PollEffects>;

/** For every input, the states that ignore it. A new state has to be decided about in each row. */
interface Ignored {
  readonly due: "loading" | "delivering";
  readonly page: "delivering" | "pausing";
  readonly pageEnd: "requesting" | "loading" | "pausing";
  readonly failure: never;
  readonly close: never;
}

/** The state of a new series. It asks for the first page when it is due. */
export function beginPolls(after: string | null): PollState {
  return { kind: "requesting", after, more: true, idle: 0 };
}

/** What each state does about each input. */
export const pollTransition = defineTable<PollState, PollInputs, PollEffects, Ignored>({
  due: { requesting: (state) => to(state, ["load", state]), pausing: load },
  page: {
    requesting: (state, page) => to({ ...take(state, page), pause: 0 }, ["hello", state.after], ["unpack", page.body]),
    loading: (state, page) => to(take(state, page), ["unpack", page.body]),
  },
  pageEnd: { delivering: (state) => (state.pause > 0 ? wait(state) : load(state)) },
  failure: (_, failed) => to({ kind: "closed" }, ["end", failed]),
  close: () => to({ kind: "closed" }),
});

function load(state: Open): Next {
  return to({ ...state, kind: "loading" }, ["load", state]);
}

function take({ after, idle: before }: Progress, { body, elapsed }: PolledPage): Delivering {
  const { cursor, more } = body;
  const from = toPosition(after);
  const reached = toPosition(cursor);
  const idle = more ? countIdle(before, body, from, reached) : 0;
  // What a page has passed over may be hidden or superseded: with more behind it, an empty one is progress.
  const isFurther = (more ? idle < MOST_IDLE : !isEmpty(body, from)) && isAfter(reached, from);
  return { kind: "delivering", after: cursor, more, idle, pause: isFurther ? 0 : PAUSE - elapsed };
}

function wait(state: Delivering): Next {
  return to({ ...state, kind: "pausing" }, ["wait", state.pause]);
}
