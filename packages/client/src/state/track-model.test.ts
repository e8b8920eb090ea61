import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyMoves, isNoticed, move, withCell } from "../../test/model.ts";
import { toPosition, type Position } from "./position.ts";
import { to } from "./table.ts";
import {
  ABSENT,
  isAskedFor,
  isBehindGap,
  isOnConnection,
  reachedOf,
  trackTransition,
  type TrackInputs,
  type TrackState,
} from "./track-state.ts";

type Table = typeof trackTransition;

/** What the streams and the server have done with the path. */
interface Model {
  where: "nowhere" | "next stream" | "stream" | "refused";
  /** How far the stream has come. */
  handled: number;
  /** How far it has come for certain with the path. Null while nobody knows. */
  covered: number | null;
  /** Whether it has told a gap of the path, and nothing since that lies behind the gap. */
  isBehindGap: boolean;
}

/** One path on a connection. */
class Path {
  state: TrackState = ABSENT;
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  input<Name extends keyof TrackInputs>(name: Name, about: TrackInputs[Name]): void {
    this.state = this.#table(this.state, name, about).state;
  }
}

const at = (seq: number): Position => {
  const position = toPosition(`e.${seq}`);
  if (position === null) throw new Error("Expected a position.");
  return position;
};

function expectSame({ where, covered, isBehindGap: isBehind }: Model, { state }: Path): void {
  const seen = {
    isOnStream: isOnConnection(state),
    isAskedFor: isAskedFor(state),
    isRefused: state.kind === "leftOut",
    covered: reachedOf(state)?.seq ?? null,
    isBehind: isBehindGap(state),
  };
  expect(seen).toEqual({
    isOnStream: where === "stream",
    isAskedFor: where === "stream" || where === "next stream",
    isRefused: where === "refused",
    covered,
    isBehind,
  });
}

/** The stream does not have the path any more. */
function leave(model: Model, where: Model["where"]): void {
  Object.assign(model, { where, covered: null, isBehindGap: false });
}

/** The stream's position speaks of the path. */
function cover(model: Model, path: Path): void {
  path.input("reach", at(model.handled));
  if (model.where === "stream") {
    Object.assign(model, { covered: model.handled, isBehindGap: false });
  }
}

/** Only the first position after the stream begins is told to a path: that saves a look at all paths with every id. */
function coverNewcomer(model: Model, path: Path): void {
  if (model.where === "stream" && model.covered === null && !model.isBehindGap) {
    cover(model, path);
  }
}

const nothing = fc.constant(null);
const few = fc.integer({ min: 1, max: 3 });
const moves = [
  move("the next stream is asked for", nothing, (model: Model, path: Path) => {
    path.input("ask", null);
    if (model.where === "nowhere") model.where = "next stream";
    expectSame(model, path);
  }),
  move("the next stream does not come", nothing, (model: Model, path: Path) => {
    path.input("drop", null);
    if (model.where === "next stream") leave(model, "nowhere");
    expectSame(model, path);
  }),
  move(
    "the next stream begins",
    nothing,
    (model: Model, path: Path) => {
      path.input("begin", at(model.handled));
      // A stream that begins after a gap reports it again, where the path was on the stream before.
      if (model.isBehindGap) Object.assign(model, { covered: model.handled, isBehindGap: false });
      model.where = "stream";
      expectSame(model, path);
    },
    ({ where }) => where === "next stream" || where === "stream",
  ),
  move("an event of another path", few, (model: Model, path: Path, count) => {
    model.handled += count;
    coverNewcomer(model, path);
    expectSame(model, path);
  }),
  move("an event of the path", few, (model: Model, path: Path, count) => {
    model.handled += count;
    path.input("carry", at(model.handled));
    if (model.covered !== null || model.isBehindGap) {
      Object.assign(model, { covered: model.handled, isBehindGap: false });
    }
    // Also while the event is handled, before its id counts.
    expectSame(model, path);
    coverNewcomer(model, path);
    expectSame(model, path);
  }),
  move("a heartbeat", few, (model: Model, path: Path, count) => {
    model.handled += count;
    cover(model, path);
    expectSame(model, path);
  }),
  move("a gap whose end is not known", nothing, (model: Model, path: Path) => {
    path.input("reach", null);
    if (model.where === "stream") Object.assign(model, { covered: null, isBehindGap: true });
    expectSame(model, path);
  }),
  move("a gap that ends the stream", few, (model: Model, path: Path, count) => {
    model.handled += count;
    cover(model, path);
    expectSame(model, path);
  }),
  move("the server refuses it", nothing, (model: Model, path: Path) => {
    path.input("refuse", { ending: { reason: "forbidden" }, until: 9 });
    leave(model, "refused");
    expectSame(model, path);
  }),
  move("the refusal is forgiven", nothing, (model: Model, path: Path) => {
    path.input("forgive", null);
    if (model.where === "refused") leave(model, "nowhere");
    expectSame(model, path);
  }),
  move("another stream is to follow it", nothing, (model: Model, path: Path) => {
    path.input("move", null);
    if (model.where !== "refused") leave(model, "nowhere");
    expectSame(model, path);
  }),
];

/** After any moves, a path is what the model says. */
function follows(table: Table) {
  return anyMoves<Model, Path>(moves, () => ({
    model: { where: "nowhere", handled: 0, covered: null, isBehindGap: false },
    real: new Path(table),
  }));
}

test("whatever the streams and the server do, a path knows where it is and how far the stream has carried it", () => {
  fc.assert(follows(trackTransition), { numRuns: 300 });
});

describe("the model notices a table", () => {
  const answered = [
    ["ask", "absent"],
    ["drop", "asked"],
    ["begin", "asked"],
    ["begin", "followed"],
    ["reach", "requested"],
    ["reach", "followed"],
    ["carry", "followed"],
    ["refuse", "absent"],
    ["refuse", "asked"],
    ["refuse", "requested"],
    ["refuse", "followed"],
    ["forgive", "leftOut"],
    ["move", "asked"],
    ["move", "requested"],
    ["move", "followed"],
  ] as const;
  test.each(answered)("that ignores %s in %s", (input, kind) => {
    expect(isNoticed(follows(withCell(trackTransition, input, kind)))).toBe(true);
  });

  test.each([
    ["asks again for what is refused", withCell(trackTransition, "ask", "leftOut", () => to({ kind: "asked" }))],
    ["takes off the stream what the next one lacks", withCell(trackTransition, "drop", "followed", () => to(ABSENT))],
    ["lets another stream have what is refused", withCell(trackTransition, "move", "leftOut", () => to(ABSENT))],
    [
      "believes a position of the stream before",
      withCell(trackTransition, "reach", "asked", (_, reached) => to({ kind: "followed", reached })),
    ],
    [
      "believes an event before it knows where the stream stands",
      withCell(trackTransition, "carry", "requested", (_, reached) => to({ kind: "followed", reached })),
    ],
    [
      "forgets how far the stream has come",
      withCell(trackTransition, "begin", "followed", () => to({ kind: "requested" })),
    ],
  ])("that %s", (_, table) => {
    expect(isNoticed(follows(table))).toBe(true);
  });
});
