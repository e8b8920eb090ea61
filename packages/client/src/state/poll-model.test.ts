import type { PageBody } from "@tidings/protocol";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyMoves, assertLaw, assertSame, isNoticed, move, withCell } from "../../test/model.ts";
import { createMachine, type Machine } from "../drive/machine.ts";
import { failure } from "../drive/failure.ts";
import { beginPolls, pollTransition, type PollEffects, type PollInputs, type PollState } from "./poll-state.ts";
import { to } from "./table.ts";

type Table = typeof pollTransition;
type Series = Machine<PollState, PollInputs>;

/** What the server and the listener know of a series of polls. */
interface World {
  /** The request that is under way. */
  asked: PollEffects["load"] | null;
  /** Whether the next request waits for the end of a pause. */
  isPausing: boolean;
  /** Where the next request has to begin, and whether the server has more from there. */
  next: PollEffects["load"];
  /** What the listener was told. */
  readonly told: string[];
  /** What it has to be told. */
  readonly owed: string[];
  /** Whether the listener ends the series at the next page. */
  isLeaving: boolean;
  isOver: boolean;
  /** The newest entry of the log. */
  head: number;
  /** How many requests in a row had no pause before them, and nothing new behind them. */
  hasty: number;
}

/** Carries out what the table asks for, as drive/poll.ts does. */
function poll(table: Table, world: World): Series {
  const series: Series = createMachine<PollState, PollInputs, PollEffects>(
    beginPolls(null),
    table,
    () => {},
    () => {},
    {
      load({ after, more }) {
        assertLaw("there is one request, and none during a pause", !world.asked && !world.isPausing);
        assertSame("the request", { after, more }, world.next);
        const asked = { after, more };
        world.asked = asked;
        return () => {
          if (world.asked === asked) world.asked = null;
        };
      },
      hello: () => void world.told.push("hello"),
      unpack({ cursor }, input) {
        world.told.push(cursor);
        if (world.isLeaving) leave(world, series);
        if (series.state.kind === "delivering") input("pageEnd", null);
      },
      wait(milliseconds) {
        assertLaw("a pause is up to a second", milliseconds > 0 && milliseconds <= 1_000);
        world.isPausing = true;
        world.hasty = 0;
        return () => {
          world.isPausing = false;
        };
      },
      end: () => void world.told.push("end"),
    },
  );
  series.input("due", null);
  return series;
}

function leave(world: World, { input }: Series): void {
  world.isOver = true;
  input("close", null);
}

function expectTruth(world: World): void {
  assertSame("what the listener was told", world.told, world.owed);
  const running = Number(world.asked !== null) + Number(world.isPausing);
  assertLaw("it asks or pauses until it is over, and does nothing after that", running === (world.isOver ? 0 : 1));
  assertLaw("requests that bring nothing do not follow one another for ever", world.hasty <= 101);
}

function truthful<Drawn>(
  name: string,
  drawn: fc.Arbitrary<Drawn>,
  run: (world: World, series: Series, drawn: Drawn) => void,
  isPossible?: (world: World) => boolean,
) {
  return move(
    name,
    drawn,
    (world: World, series: Series, about) => {
      run(world, series, about);
      expectTruth(world);
    },
    isPossible,
  );
}

/** A page with a number of events. */
function pageAt(cursor: string, count: number, more: boolean): PageBody {
  const events = Array.from({ length: count }, () => ({ channel: "a", type: "b", data: 0, id: cursor }));
  return { events, cursor, more };
}

/** A page comes, so many milliseconds after it was asked for. */
function answer(world: World, { input }: Series, body: PageBody, elapsed: number): void {
  const { cursor, more } = body;
  if (world.owed.length === 0) world.owed.push("hello");
  world.owed.push(cursor);
  world.hasty = body.events.length > 0 ? 0 : world.hasty + 1;
  world.next = { after: cursor, more };
  world.asked = null;
  input("page", { body, elapsed });
}

const isAsking = ({ asked }: World): boolean => asked !== null;
const nothing = fc.constant(null);
const lives = [
  truthful(
    "a page comes with events",
    fc.record({ more: fc.boolean(), elapsed: fc.nat(2_000) }),
    (world, series, { more, elapsed }) => answer(world, series, pageAt(`e.${++world.head}`, 1, more), elapsed),
    isAsking,
  ),
  truthful(
    "a page comes with nothing",
    fc.record({ more: fc.boolean(), elapsed: fc.nat(2_000), isFurther: fc.boolean() }),
    (world, series, { more, elapsed, isFurther }) => {
      const cursor = isFurther || !world.next.after ? `e.${++world.head}` : world.next.after;
      answer(world, series, pageAt(cursor, 0, more), elapsed);
    },
    isAsking,
  ),
  truthful(
    "a server sends empty pages with more, at once and for ever",
    nothing,
    (world, series) => {
      for (let count = 0; count < 150 && world.asked; count++) {
        answer(world, series, pageAt(`e.${++world.head}`, 0, true), 0);
      }
    },
    isAsking,
  ),
  truthful(
    "the pause is over",
    nothing,
    (world, { input }) => {
      world.isPausing = false;
      input("due", null);
    },
    ({ isPausing }) => isPausing,
  ),
];
const ends = [
  truthful(
    "no page comes",
    nothing,
    (world, { input }) => {
      world.owed.push("end");
      world.asked = null;
      world.isOver = true;
      input("failure", failure("network", "an answer", "none"));
    },
    isAsking,
  ),
  truthful("the listener ends it", nothing, leave),
  truthful("the listener will end it at the next page", nothing, (world) => void (world.isLeaving = true)),
];

/** After any moves, the listener was told all that came, once and in order, and there is one request or one pause. */
function isTruthful(table: Table) {
  // It ends seldom: not much can happen after that.
  return anyMoves([...lives, ...lives, ...lives, ...ends], () => {
    const model: World = {
      asked: null,
      isPausing: false,
      next: { after: null, more: true },
      told: [],
      owed: [],
      isLeaving: false,
      isOver: false,
      head: 0,
      hasty: 0,
    };
    return { model, real: poll(table, model) };
  });
}

test("whatever the server sends, polls bring it once, go on from there, and pause where they have to", () => {
  fc.assert(isTruthful(pollTransition), { numRuns: 300 });
});

describe("the model notices a table", () => {
  const answered = [
    ["page", "requesting"],
    ["page", "loading"],
    ["pageEnd", "delivering"],
    ["due", "pausing"],
    ["failure", "requesting"],
    ["failure", "loading"],
    ["close", "requesting"],
    ["close", "loading"],
    ["close", "delivering"],
    ["close", "pausing"],
  ] as const;
  test.each(answered)("that ignores %s in %s", (input, kind) => {
    expect(isNoticed(isTruthful(withCell(pollTransition, input, kind)))).toBe(true);
  });

  test.each([
    ["says no hello", withCell(pollTransition, "page", "requesting", (state, page) => loaded(state, page))],
    [
      "never pauses",
      withCell(pollTransition, "pageEnd", "delivering", (state) => to({ ...state, kind: "loading" }, ["load", state])),
    ],
  ])("that %s", (_, table) => {
    expect(isNoticed(isTruthful(table))).toBe(true);
  });
});

/** What a page leads to that is not the first one. */
function loaded(state: Extract<PollState, { kind: "requesting" }>, page: PollInputs["page"]) {
  return pollTransition({ ...state, kind: "loading" }, "page", page);
}
