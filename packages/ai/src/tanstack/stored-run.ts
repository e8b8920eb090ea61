import type { Address } from "@tidings/contract";
import { parseCursor } from "@tidings/protocol";
import type { Clock } from "@tidings/protocol/clock";
import type { Chunk, ChunkBatch, RunEnd } from "../run.ts";

/** What a loop over a run gives. */
export type RunItem =
  | { readonly kind: "event"; readonly data: ChunkBatch }
  | { readonly kind: "end"; readonly data: RunEnd }
  | { readonly kind: "gap" | "invalid" };

/** A loop over a run. */
interface RunItems extends AsyncIterator<RunItem, undefined> {
  [Symbol.asyncIterator](): RunItems;
  /** The position up to which it has got everything. */
  readonly cursor: string | null;
}

/** What it needs of a hub. The types of its contract have been checked where it was passed. */
export interface ReadingHub {
  events(run: Address, options: { readonly after: string | null; readonly signal?: AbortSignal }): RunItems;
  stats(): { readonly ring: { readonly head: string } };
}

/** A chunk and its number in the run. */
export interface NumberedChunk {
  readonly number: number;
  readonly chunk: Chunk;
}

/** What there is of a run at one moment. */
export interface StoredRun {
  readonly chunks: readonly NumberedChunk[];
  /** Null while it goes on. */
  readonly end: RunEnd | null;
  /** Whether there is anything of the run. */
  readonly hasBegun: boolean;
  /** Whether the hub has closed before all of it came. */
  readonly isCut: boolean;
  /** The position after the chunks. */
  readonly cursor: string | null;
}

/** How long nothing has to come before it looks whether there is more, in milliseconds. */
const LOOK_TIME = 20;
/** How long it takes what comes without such a pause, in milliseconds. */
const ENOUGH_TIME = 250;
/** How long a log may take to answer, in milliseconds. */
const MOST_TIME = 10_000;

/**
 * Loads what this process can see of a run now. It does not wait for the end of a run that grows without a pause.
 *
 * @param atLeast the id of an event that has to be among it; "" for none
 * @throws Error if the beginning of the run is gone, and if the log does not answer
 */
export async function loadStoredRun(
  hub: ReadingHub,
  run: Address,
  { clock, atLeast }: { readonly clock: Clock; readonly atLeast: string },
): Promise<StoredRun> {
  const ending = new AbortController();
  const items = hub.events(run, { after: null, signal: ending.signal });
  const begin = clock.monotonic();
  const isAtGoal = goalOf(hub, atLeast);
  const chunks: NumberedChunk[] = [];
  let hasBegun = false;
  let isCut = false;
  let end: RunEnd | null = null;
  let cursor: string | null = null;
  try {
    let next: ReturnType<RunItems["next"]> | null = null;
    while (end === null) {
      next ??= items.next();
      const { result, position } = await nextOf(items, next, clock);
      cursor = position;
      const time = clock.monotonic() - begin;
      if (result === null) {
        if (isAtGoal(cursor)) break;
        if (time < MOST_TIME) continue;
        throw new Error(`Expected the log to answer what it has of ${run.path}, got no answer.`);
      }
      isCut = result.done === true;
      if (result.done === true) break;
      next = null;
      hasBegun = true;
      if (result.value.kind === "end") end = result.value.data;
      else chunks.push(...numbered(run, result.value, chunks.length));
      if (time >= ENOUGH_TIME && isAtGoal(cursor)) break;
    }
    return { chunks, end, hasBegun, isCut, cursor };
  } finally {
    ending.abort();
  }
}

/** The chunks of an item. @throws Error if it is not the batch that follows */
export function numbered(
  run: Address,
  item: Exclude<RunItem, { readonly kind: "end" }>,
  next: number,
): NumberedChunk[] {
  if (item.kind === "event" && item.data.first === next) {
    return item.data.chunks.map((chunk, index) => ({ number: next + index, chunk }));
  }
  const got = item.kind === "event" ? `chunk ${item.data.first}` : `"${item.kind}"`;
  throw new Error(`Expected chunk ${next} of ${run.path}, got ${got}; the rest of this run cannot be read.`);
}

/** What a loop has given, null if that takes longer than {@link LOOK_TIME}, and its position then. */
interface Step {
  readonly result: IteratorResult<RunItem, undefined> | null;
  readonly position: string | null;
}

async function nextOf(items: RunItems, next: ReturnType<RunItems["next"]>, clock: Clock): Promise<Step> {
  let cancel = (): void => {};
  const late = new Promise<Step>((resolve) => {
    // The position of this moment: an item that comes in the next one is not taken.
    cancel = clock.setTimeout(() => resolve({ result: null, position: items.cursor }), LOOK_TIME);
  });
  try {
    return await Promise.race([next.then((result) => ({ result, position: items.cursor })), late]);
  } finally {
    cancel();
  }
}

/** Says whether a position is where this process stood at the beginning, and has what has to be there. */
function goalOf(hub: ReadingHub, atLeast: string): (position: string | null) => boolean {
  let goal: string | null = null;
  return (position) => {
    const { head } = hub.stats().ring;
    // Before the first answer of the log, the hub knows of no head. After a failover, another one counts.
    if (epochOf(head) !== epochOf(goal)) goal = head;
    return epochOf(goal) !== null && hasReached(position, goal) && hasReached(position, atLeast);
  };
}

function epochOf(cursor: string | null): string | null {
  return parseCursor(cursor ?? "")?.epoch ?? null;
}

/** Whether a position is not before another one, if that is one. Of another epoch, the loop brings a gap. */
function hasReached(cursor: string | null, target: string | null): boolean {
  const wanted = parseCursor(target ?? "");
  if (wanted === null) return true;
  const position = parseCursor(cursor ?? "");
  return position !== null && position.epoch === wanted.epoch && position.seq >= wanted.seq;
}
