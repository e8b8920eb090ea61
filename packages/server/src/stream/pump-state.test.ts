import { describe, expect, test } from "vitest";
import { CONFIRMED, firstPhase, entrySourceOf, type Phase, type EntrySource } from "./pump-state.ts";
import { Lifetime, tooOldAt } from "./lifetime.ts";

const UNCONFIRMED: Phase = { name: "unconfirmed" };
const head = { epoch: "now", seq: 10 };
/** Covers 5 to 10 of the epoch `now`. */
const ring = { head, covers: ({ epoch, seq }: typeof head) => epoch === "now" && seq >= 5 && seq <= 10 };

describe("a pump takes what comes next", () => {
  const lastPageAtThisHead = head;
  const lastPageAtAnEarlierHead = { epoch: "now", seq: 10 };

  test.each<
    [what: string, source: EntrySource, epoch: string, seq: number, phase: Phase, exhaustedAt: typeof head | null]
  >([
    ["from the ring, if the ring covers the cursor", "ring", "now", 5, CONFIRMED, null],
    ["from the ring, even if nobody has confirmed the cursor", "ring", "now", 10, UNCONFIRMED, null],
    ["from the log, if the cursor is before the ring", "log", "now", 4, CONFIRMED, null],
    ["from the ring later, if the cursor is after the ring", "ring, later", "now", 11, CONFIRMED, null],
    ["from the log, if nobody has confirmed a cursor after the ring", "log", "now", 11, UNCONFIRMED, null],
    ["from the log, if the cursor is of another epoch", "log", "new", 7, CONFIRMED, null],
    ["from the ring later, if the log has nothing more", "ring, later", "new", 7, CONFIRMED, lastPageAtThisHead],
    ["from the log, if the ring has moved since", "log", "new", 7, CONFIRMED, lastPageAtAnEarlierHead],
  ])("%s", (_, source, epoch, seq, phase, exhaustedAt) => {
    expect(entrySourceOf({ epoch, seq }, phase, ring, exhaustedAt)).toBe(source);
  });
});

describe("a pump begins", () => {
  const start = {
    cursor: { epoch: "now", seq: 3 },
    epoch: "now",
    isConfirmed: false,
    newPaths: [],
    untoldPaths: [],
    fromByPath: new Map([["jobs/a", 3]]),
    readableFromByPath: new Map<string, number>(),
  };

  test("with the current values of the paths that are new to the client", () => {
    const phase = firstPhase({ ...start, isConfirmed: true, newPaths: ["rooms/lobby"] }, ring);
    expect(phase).toMatchObject({ name: "current values", paths: ["rooms/lobby"], after: null });
  });

  test("with the ends of paths that are over, and without the values of those that the client knows", () => {
    const phase = firstPhase({ ...start, isConfirmed: true, untoldPaths: ["jobs/a"] }, ring);
    if (phase.name !== "current values") throw new Error(`Expected current values, got ${phase.name}.`);
    const entry = { epoch: "now", channel: "jobs/a", at: 0, data: "1" };
    const end = { ...entry, type: "end", mode: "reliable" } as const;
    expect([3, 4].map((seq) => phase.comesFirst({ ...end, seq }))).toEqual([true, false]);
    expect(phase.comesFirst({ ...entry, seq: 2, type: "done", mode: "latest" })).toBe(false);
  });

  test("with the current values after the earliest lower bound, if all these paths have one", () => {
    const readableFromByPath = new Map([
      ["rooms/lobby", 7],
      ["rooms/tea", 5],
    ]);
    const of = (...newPaths: string[]) => firstPhase({ ...start, readableFromByPath, newPaths }, ring);
    expect(of("rooms/lobby", "rooms/tea")).toMatchObject({ after: { epoch: "now", seq: 5 } });
    expect(of("rooms/lobby", "rooms/coffee")).toMatchObject({ after: null });
  });

  test("unconfirmed, unless the log or the ring has confirmed its cursor", () => {
    expect(firstPhase(start, ring)).toEqual(UNCONFIRMED);
    expect(firstPhase({ ...start, isConfirmed: true }, ring)).toBe(CONFIRMED);
    expect(firstPhase({ ...start, cursor: head }, ring)).toBe(CONFIRMED);
  });
});

describe("a stream", () => {
  test("lasts for its age, give or take a tenth, and not longer than its rights", () => {
    expect([tooOldAt(50, 1_000, 0), tooOldAt(50, 1_000, 0.5)]).toEqual([950, 1_050]);
    const lifetime = new Lifetime(2_000, 1_000);
    const over = (day: number, runningTime: number) => lifetime.over({ now: () => day, monotonic: () => runningTime });
    expect([over(1_999, 999), over(0, 1_000)]).toEqual([null, "max-age"]);
    lifetime.expiresAt = 500;
    expect([over(499, 0), over(500, 0), over(1_000, 1_000)]).toEqual([null, "expired", "expired"]);
  });
});
