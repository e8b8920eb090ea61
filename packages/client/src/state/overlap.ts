import { isAfter, type Position } from "./position.ts";

/** Milliseconds for which a volatile event is owed: PROTOCOL.md, section 5.4. */
export const VOLATILE_AGE = 5_000;
/** How many events without an id are remembered, and how many characters each may have. What is more may come twice. */
const MOST_REMEMBERED = 100;
const MOST_CHARACTERS = 4_096;

/**
 * Which events without an id two streams bring both. The next stream begins where the one before stood when it was
 * asked for, so for a while it brings what that one has brought since.
 */
export interface Overlap {
  /** The stream before has brought everything up to here. */
  readonly until: Position | null;
  /** The last id that the stream has brought. */
  readonly last: Position | null;
  /** What has come since that id, and when. */
  readonly brought: readonly { readonly text: string; readonly at: number }[];
  /** What of it may come again, in this order. */
  readonly expected: readonly string[];
  /** Whether the stream before has brought the last event without an id, too. */
  readonly isRepetition: boolean;
}

export const NO_OVERLAP: Overlap = { until: null, last: null, brought: [], expected: [], isRepetition: false };

/** The next stream goes on. @param handled how far the one before has come @param now in milliseconds since 1970 */
export function beginOverlap(overlap: Overlap, handled: Position | null, now: number): Overlap {
  const { last, brought } = moveOverlap(overlap, handled);
  const recent = brought.filter(({ at }) => Math.abs(now - at) <= VOLATILE_AGE);
  return { until: handled, last, brought: recent, expected: recent.map(({ text }) => text), isRepetition: false };
}

/** An event comes without an id. @param handled how far the stream has come @param now in milliseconds since 1970 */
export function takeWithoutId(overlap: Overlap, text: string, handled: Position | null, now: number): Overlap {
  if (isAfter(overlap.until, handled)) {
    return { ...overlap, isRepetition: true };
  }
  const moved = moveOverlap(overlap, handled);
  const index = moved.expected.indexOf(text);
  if (index !== -1) {
    return { ...moved, expected: moved.expected.slice(index + 1), isRepetition: true };
  }
  const isKept = text.length <= MOST_CHARACTERS;
  const brought = isKept ? [...moved.brought.slice(1 - MOST_REMEMBERED), { text, at: now }] : moved.brought;
  // Both bring the same order: from here on, all is new.
  return { ...moved, brought, expected: [], isRepetition: false };
}

/** What came before an id is not brought by a stream that begins there. */
function moveOverlap(overlap: Overlap, at: Position | null): Overlap {
  return overlap.last?.token === at?.token ? overlap : { ...overlap, last: at, brought: [], expected: [] };
}
