import type { EventLog, Hole } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import { voidHoleOf } from "./owed.ts";
import type { ReadQueue } from "../runtime/read-queue.ts";

/** What it takes to ask whether positions mean something. */
export interface VoidPositionNeeds {
  readonly log: Pick<EventLog, "read">;
  readonly reads: ReadQueue;
  readonly ring: { covers(position: Cursor): boolean };
}

/** Where a path starts that the log has to be asked about. */
interface PathPosition {
  readonly path: string;
  readonly position: Cursor;
}

const NOTHING = { entries: 0, bytes: 0 };

/**
 * Whether the ring confirms a position. It does so only in the log's own epoch: after a failover the tailer may not
 * know the new epoch yet.
 */
export function isConfirmedByRing(ring: VoidPositionNeeds["ring"], position: Cursor, head: Cursor): boolean {
  return position.epoch === head.epoch && ring.covers(position);
}

/** Whether the log need not be asked: all positions of an epoch are valid up to its end (law 4). */
function isKnown({ ring }: VoidPositionNeeds, position: Cursor, head: Cursor): boolean {
  return position.epoch === head.epoch && (position.seq <= head.seq || ring.covers(position));
}

/**
 * By path: the hole of a position that means nothing to the log. The log is not asked about each of them: if it knows
 * an epoch, all positions up to its end are valid (law 4).
 *
 * @param positions by path
 * @param head read before
 * @param gone aborted when the client is gone
 * @param mostEpochs how many epochs the log is asked about: positions of others count as those of another log
 */
export async function findVoidPositions(
  needs: VoidPositionNeeds,
  positions: ReadonlyMap<string, Cursor>,
  head: Cursor,
  gone: AbortSignal,
  mostEpochs = Infinity,
): Promise<ReadonlyMap<string, Hole>> {
  const holes: Hole[] = [];
  const byEpoch = new Map<string, PathPosition[]>();
  for (const [path, position] of positions) {
    if (isKnown(needs, position, head)) continue;
    const ofEpoch = byEpoch.get(position.epoch) ?? [];
    byEpoch.set(position.epoch, ofEpoch);
    ofEpoch.push({ path, position });
  }
  const groups = [...byEpoch.values()];
  for (const ofEpoch of groups.slice(0, mostEpochs)) holes.push(...(await findVoidOfEpoch(needs, ofEpoch, gone)));
  const notAsked = groups.slice(mostEpochs).flat();
  holes.push(...notAsked.map(({ path }): Hole => ({ channel: path, reason: "reset", to: head.seq })));
  return new Map(holes.map((hole) => [hole.channel, hole]));
}

/** Asks about the last position first, since it mostly stands for all. Then the middle of those that are still open. */
async function findVoidOfEpoch(
  needs: VoidPositionNeeds,
  positions: readonly PathPosition[],
  gone: AbortSignal,
): Promise<readonly Hole[]> {
  const found: Hole[] = [];
  let open = positions.toSorted((one, other) => one.position.seq - other.position.seq);
  for (let asked = open.at(-1); asked !== undefined; asked = open[Math.floor(open.length / 2)]) {
    const { path, position } = asked;
    const hole = await findVoidHole(needs, position, path, gone);
    if (hole === undefined) {
      open = open.filter((each) => each.position.seq > position.seq);
      continue;
    }
    const firstVoid = hole.reason === "reset" ? 0 : position.seq;
    const isVoid = (each: PathPosition): boolean => each.position.seq >= firstVoid;
    found.push(...open.filter(isVoid).map((each) => ({ ...hole, channel: each.path })));
    open = open.filter((each) => !isVoid(each));
  }
  return found;
}

/**
 * The end of an epoch, found by questions about its positions: first about the last ones, since a failover mostly takes
 * few. It costs about twice as many as the binary logarithm of what was lost.
 *
 * @param lost a position that the log has lost
 * @param path any path that the client may read
 */
export async function findEndOfEpoch(
  needs: VoidPositionNeeds,
  { epoch, seq: lost }: Cursor,
  path: string,
  gone: AbortSignal,
): Promise<number> {
  const isValid = async (seq: number): Promise<boolean> =>
    (await findVoidHole(needs, { epoch, seq }, path, gone)) === undefined;
  let firstLost = lost;
  let step = 1;
  while (firstLost > step && !(await isValid(firstLost - step))) {
    firstLost -= step;
    step *= 2;
  }
  let lastValid = Math.max(0, firstLost - step);
  while (firstLost - lastValid > 1) {
    const middle = lastValid + Math.floor((firstLost - lastValid) / 2);
    if (await isValid(middle)) lastValid = middle;
    else firstLost = middle;
  }
  return lastValid;
}

/** Asks the log about a position. The answer is a hole if the position means nothing to the log. */
async function findVoidHole(
  { log, reads }: VoidPositionNeeds,
  position: Cursor,
  path: string,
  gone: AbortSignal,
): Promise<Hole | undefined> {
  const { holes } = await reads((signal, of) => log.read(position, of, NOTHING, signal), { paths: [path], gone });
  return voidHoleOf(holes);
}
