import { act, nth, type Givens, type Part } from "./scenario.ts";

// Functions with named parameters for the numbers that a verb takes.

/** The addresses of a viewer, as `addressesOf` lists them. */
const PLACES = ["room a", "room b", "feed x", "feed y", "inbox"] as const;
/** Addresses to publish to, as `verbs.ts` lists them. */
const EVERYWHERE = ["room a", "room b", "feed x", "feed y"] as const;

type Where = (typeof PLACES)[number];
type Public = (typeof EVERYWHERE)[number];

const NOW: Givens["pause"] = { turns: 0 };
const SETTLED: Givens["pause"] = { milliseconds: 0 };

export const now = { pause: NOW };
export const settled = { pause: SETTLED };
export const after = (milliseconds: number): Pick<Givens, "pause"> => ({ pause: { milliseconds } });

/** One of the three viewers follows an address, by handlers or a loop. */
export const follow = (where: Where, more: Givens = {}): Part =>
  act("follow", { b: nth(PLACES.indexOf(where), PLACES.length), ...more });

/** One viewer follows an address by a loop, which takes an event only with the verb `read`. */
export const followByLoop = (viewer: number, where: Where, more: Givens = {}): Part =>
  fitting(
    (a) => isViewer(viewer, a) && fraction(a) < 0.3,
    (a) => follow(where, { ...more, a }),
  );

/** One viewer follows an address by handlers. */
export const followByHandlers = (viewer: number, where: Where, more: Givens = {}): Part =>
  fitting(
    (a) => isViewer(viewer, a) && fraction(a) >= 0.3,
    (a) => follow(where, { ...more, a }),
  );

/** The right of a viewer to read an address ends by itself, within eight seconds. */
export const grantForAWhile = (
  viewer: number,
  where: Where,
  [least, most]: readonly [number, number],
  more: Givens = {},
): Part =>
  fitting(
    (a) => isViewer(viewer, a) && fraction(a) * 8_000 >= least && fraction(a) * 8_000 < most,
    (a) => act("grantForAWhile", { ...more, a, b: nth(PLACES.indexOf(where), PLACES.length) }),
  );

/** Takes the right of one of the viewers to read an address. */
export const revoke = (where: Where, more: Givens = {}): Part =>
  act("revoke", { ...more, b: nth(PLACES.indexOf(where), PLACES.length) });

/** From now on one of the three viewers may read an address from its newest event on. */
export const narrow = (viewer: number, where: Where, more: Givens = {}): Part =>
  act("narrow", { a: nth(viewer, 3), b: nth(PLACES.indexOf(where), PLACES.length), ...more });

/** An event of a room or a feed, without an idempotency key, so it is not published again. */
export const publish = (where: Public, more: Givens = {}): Part =>
  act("publish", { a: nth(EVERYWHERE.indexOf(where), 7), b: [0.5, 1], ...more });

/** Ten events of one address at once. */
export const flood = (where: Public, more: Givens = {}): Part =>
  act("flood", { a: nth(EVERYWHERE.indexOf(where), 7), ...more });

/** A value of a room or a feed. */
export const value = (where: Public, more: Givens = {}): Part =>
  act("value", { a: nth(EVERYWHERE.indexOf(where), 4), ...more });

/** The log fails over at once, and loses a few of its newest entries. */
export const failOver = (lost: number, more: Givens = {}): Part =>
  act("failover", { a: nth(lost, 6), b: [0.3, 1], ...more });

/** The log fails over behind the next answer to a question, and loses forty of its newest entries. */
export const loseMuch = (question: "current" | "head" | "read", more: Givens = {}): Part => {
  const at = ["current", "head", "read"].indexOf(question);
  return act("failover", { a: nth(5, 6), b: [0.1 * at, 0.1 * at + 0.09], ...more });
};

/** The log is replaced by an empty one. */
export const reset = (more: Givens = {}): Part => act("reset", { a: [0, 0.4], ...more });

/** From now on reads of the log are slow, stale or failing. */
export const reads = (how: "slow" | "stale" | "failing", more: Givens = {}): Part =>
  act("reads", { a: nth(["slow", "stale", "failing"].indexOf(how), 3), ...more });

/** From now on doorbells are lost, late or spurious. */
export const doorbells = (how: "lost" | "late" | "spurious", more: Givens = {}): Part =>
  act("doorbell", { a: nth(["lost", "late", "spurious"].indexOf(how), 3), ...more });

/** From now on states are loaded late, or are old when they arrive. */
export const states = (how: "late" | "old", more: Givens = {}): Part =>
  act("states", { a: nth(["late", "old"].indexOf(how), 2), ...more });

/** From now on rows are readable later than their events: a second or two. */
export const lateRows = act("lateRows", { a: [0.5, 1], ...now });

/** From now on `authorize` answers late, or its answer is old when it arrives. */
export const rights = (how: "late" | "old", more: Givens = {}): Part =>
  act("rights", { a: nth(["late", "old"].indexOf(how), 2), ...more });

/** Everything works again. */
export const clearing = act("clearing");

/** Five to twenty-five seconds. */
export const longWait = act("longWait", { a: [0.2, 1] });

/** `follow` and `grantForAWhile` take this from the digits of `a` that do not choose the viewer. */
const fraction = (a: number): number => (a * 97) % 1;
const isViewer = (viewer: number, a: number): boolean => Math.floor(a * 3) === viewer;

/** Draws `a` until it fits. */
function fitting(isFit: (a: number) => boolean, part: (a: number) => Part): Part {
  return (random) => {
    let a = random();
    while (!isFit(a)) a = random();
    return part(a)(random);
  };
}
