import type { Cursor } from "@tidings/protocol";
import type { LowerBounds } from "./lower-bounds.ts";

/** What one read of the log asks for, on behalf of one reader. */
export interface ReadRange {
  readonly after: Cursor;
  readonly paths: readonly string[];
  /** The `seq` where the page ends, since there the next path begins. */
  readonly upTo: number;
}

/** Everything that comes after a position. */
export function wholeRange(fromByPath: LowerBounds, position: Cursor): ReadRange {
  return { after: position, paths: [...fromByPath.keys()], upTo: Infinity };
}

/**
 * What a reader reads next. Any number of events may lie before a lower bound, and none of them is owed. So the read
 * begins at the first bound, and a path is asked for only from its own bound on: the page ends where the next path
 * begins. What one page may hold is not worth a page of its own.
 *
 * The bounds are positions only in their own epoch. If that has ended before the first bound, the log answers that the
 * range is void, although the position of the reader may not be: then the reader has to read the whole range.
 *
 * @param epoch the epoch of the bounds
 * @param entries how many entries a page may hold
 */
export function rangeOfRead(fromByPath: LowerBounds, epoch: string, position: Cursor, entries: number): ReadRange {
  // A reader whose paths are all over follows none.
  if (position.epoch !== epoch || fromByPath.size === 0) return wholeRange(fromByPath, position);
  const first = Math.min(...fromByPath.values());
  const after = first > position.seq ? { epoch, seq: first } : position;
  const isFar = (path: string): boolean => (fromByPath.get(path) ?? 0) > after.seq + entries;
  const paths = [...fromByPath.keys()];
  const far = paths.filter(isFar);
  if (far.length === 0) return { after, paths, upTo: Infinity };
  return {
    after,
    paths: paths.filter((path) => !isFar(path)),
    upTo: Math.min(...far.map((path) => fromByPath.get(path) ?? 0)),
  };
}
