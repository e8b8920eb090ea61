import type { Cursor } from "@tidings/protocol";
import { isEnd, type Entry, type Page } from "@tidings/log";
import { searchAfter } from "../position/find-ends.ts";
import { beginningOfValues, comesFirst } from "../position/owed.ts";
import type { StartPosition } from "../position/start-position.ts";

/**
 * What a pump is doing. The work changes in the class `Pump` only, and `ended` is final.
 *
 * ```
 * ready  ── it reads the log ─────────────────▶ reading           ── the page is there ─▶ ready
 * ready  ── the ring has nothing more for it ─▶ caught up         ── the ring moves ────▶ ready
 * ready  ── its cursor is ahead of the ring ──▶ waiting for ring  ── the ring moves ────▶ ready
 * ready, reading  ── what comes next may be forbidden ─▶ held     ── authorize answers ─▶ ready
 * any    ── its consumer ends it ─────────────▶ ended
 * ```
 *
 * A full consumer is not a kind of work. It holds `ready` back, and the other kinds go on.
 */
export type Work =
  /** It goes on at the next `pump`. */
  | "ready"
  /** A page of the log is on its way, or the pause after a failed read is not over. */
  | "reading"
  /** Everything up to the ring's head is delivered, so the ring's head is the cursor. */
  | "caught up"
  /** The ring will have what comes next, as soon as the tailer has read it. */
  | "waiting for ring"
  /** `authorize` is asked again, and everything that does not depend on the answer is delivered. */
  | "held"
  | "ended";

/**
 * Whether the position may be given to the reader as an id. A pump begins in any phase, and ends in `confirmed`:
 *
 * ```
 * current values         ── a page that is not the last one ─────────────▶ current values
 * current values         ── such a page, and paths to be looked at alone ▶ current values, alone
 * current values, alone  ── the look at one path, and others are left ───▶ current values, alone
 * current values, alone  ── the last look, and other paths go on ────────▶ current values
 * current values         ── the last page, or no path is left ───────────▶ confirmed
 * current values, alone  ── the last look, and no path is left ──────────▶ confirmed
 * unconfirmed            ── the log has answered a read ─────────────────▶ confirmed
 * ```
 *
 * `alone` is `current values` with a list `alone` that is not empty.
 */
export type Phase =
  /** The current values and ends of these paths come first, so the reader must not have the position yet. */
  | {
      readonly name: "current values";
      readonly paths: readonly string[];
      readonly after: Cursor | null;
      /** How many pages were read. */
      readonly pages: number;
      /** Some of these paths: only their end is asked for. */
      readonly untoldPaths: readonly string[];
      /** Other paths, whose end is looked for alone, before the next values. */
      readonly alone: readonly string[];
      readonly readableFromByPath: StartPosition["readableFromByPath"];
      readonly comesFirst: (entry: Entry) => boolean;
    }
  /** The position comes from the client: the first read of the log decides whether it means something. */
  | { readonly name: "unconfirmed" }
  /** The position is the reader's. */
  | { readonly name: "confirmed" };

/** The phase in which current values are read. */
export type ValuesPhase = Phase & { readonly name: "current values" };

export const CONFIRMED: Phase = { name: "confirmed" };
const UNCONFIRMED: Phase = { name: "unconfirmed" };

/** The phase in which a pump begins. */
export function firstPhase(
  start: Omit<StartPosition, "access" | "holes">,
  ring: { covers(position: Cursor): boolean },
): Phase {
  const { newPaths, untoldPaths, isConfirmed, cursor, readableFromByPath, epoch } = start;
  const paths = [...newPaths, ...untoldPaths];
  if (paths.length > 0) {
    const isAsked = (entry: Entry): boolean => isEnd(entry) || newPaths.includes(entry.channel);
    return {
      name: "current values",
      paths,
      after: beginningOfValues(paths, readableFromByPath, epoch),
      pages: 0,
      untoldPaths,
      alone: [],
      readableFromByPath,
      comesFirst: (entry) => isAsked(entry) && comesFirst(entry, start),
    };
  }
  return isConfirmed || ring.covers(cursor) ? CONFIRMED : UNCONFIRMED;
}

/**
 * The phase after a page of current values, or after a look at the first path of `alone`. What is read of paths whose
 * values nobody has asked for has a bound ({@link searchAfter}): there may be any number of these values.
 */
export function phaseAfter(phase: ValuesPhase, page: Page): Phase {
  const { paths, alone, untoldPaths } = phase;
  if (alone.length > 0) return unlessOver({ ...phase, alone: alone.slice(1) });
  if (!page.more) return CONFIRMED;
  const pages = phase.pages + 1;
  const search = searchAfter(untoldPaths, page, pages);
  const done = new Set(untoldPaths);
  for (const path of search.together) done.delete(path);
  return unlessOver({
    ...phase,
    paths: paths.filter((path) => !done.has(path)),
    after: page.next,
    pages,
    untoldPaths: search.together,
    alone: search.alone,
  });
}

function unlessOver(phase: ValuesPhase): Phase {
  return phase.paths.length === 0 && phase.alone.length === 0 ? CONFIRMED : phase;
}

/** Where a pump takes what comes next. */
export type EntrySource = "ring" | "log" | "ring, later";

/**
 * Where a pump takes what comes after its cursor (law 2).
 *
 * @param exhaustedAt the head of the ring at the last read of the log that found nothing more; null when there was none
 */
export function entrySourceOf(
  cursor: Cursor,
  phase: Phase,
  ring: { readonly head: Cursor; covers(position: Cursor): boolean },
  exhaustedAt: Cursor | null,
): EntrySource {
  if (ring.covers(cursor)) return "ring";
  // After a failover a pump may be the first to read the log, before the tailer. The log has nothing more for it
  // until the ring moves.
  if (cursor.epoch !== ring.head.epoch) return exhaustedAt === ring.head ? "ring, later" : "log";
  return phase.name === "confirmed" && cursor.seq > ring.head.seq ? "ring, later" : "log";
}
