import type { Address } from "@tidings/contract";
import { sleep, type Clock } from "@tidings/protocol/clock";
import type { Chunk, ChunkBatch, RunEnd } from "../run.ts";
import { ChunkQueue } from "./chunk-queue.ts";
import type { RunClient, RunPage } from "./run-client.ts";

/** What there is of a run when somebody begins to read it. */
interface Replay {
  /** All chunks from the beginning on. */
  readonly batches: readonly ChunkBatch[];
  /** Null while it goes on. */
  readonly end: RunEnd | null;
  /** The position after the batches. */
  readonly cursor: string;
}

interface LoadOptions {
  /** Ends the request when it is aborted. */
  readonly signal: AbortSignal | undefined;
  readonly clock: Pick<Clock, "setTimeout">;
}

/** What a page of history has at most. */
const PAGE = 500;
/** What a page is told that cannot show a run. */
const GONE =
  "expected the whole answer, but its beginning is gone; show the messages that the application has saved, and that " +
  "this answer is not complete. Let the log keep runs for longer";
const UNREADABLE =
  "expected the whole answer, but this page cannot read a part of it; show the messages that the application has " +
  "saved. The server may be of a newer release: onError of the client has the cause";
/** How long it waits before it asks again, in milliseconds. */
const PAUSES = [500, 2_000, 5_000];

/**
 * Loads what there is of a run.
 *
 * @returns null if there is nothing of it: retention has dropped it, or there is no such run
 * @throws Error if only its beginning is gone, and if a part of it cannot be read
 * @throws StreamError as `client.history` does
 */
export async function loadReplay(client: RunClient, run: Address, about: LoadOptions): Promise<Replay | null> {
  const pages: RunPage[] = [];
  let before: string | null = null;
  do {
    const page = await loadPage(client, run, before, about);
    pages.unshift(page);
    before = page.more ? (page.events[0]?.id ?? null) : null;
  } while (before !== null);
  if (pages.some(({ unreadable }) => unreadable.length > 0)) throw new Error(`${run.path}: ${UNREADABLE}.`);
  const batches = pages.flatMap(({ events }) => events.map(({ data }) => data));
  const newest = pages.at(-1);
  if (newest === undefined || (batches.length === 0 && newest.end === null && !newest.more)) return null;
  if (batches[0]?.first !== 0) throw new Error(`${run.path}: ${GONE}.`);
  return { batches, end: newest.end?.data ?? null, cursor: newest.cursor };
}

/**
 * Asks again when the network has failed: the answer goes on meanwhile.
 * @throws StreamError as `history` does, and the reason of the signal when that is aborted
 */
async function loadPage(
  client: RunClient,
  run: Address,
  before: string | null,
  { signal, clock }: LoadOptions,
): Promise<RunPage> {
  const options = { last: PAGE, ...(before === null ? {} : { before }), ...(signal === undefined ? {} : { signal }) };
  for (const pause of PAUSES) {
    try {
      return await client.history(run, options);
    } catch (error) {
      if (!isOutage(error)) throw error;
      await sleep(clock, pause, signal);
      signal?.throwIfAborted();
    }
  }
  return client.history(run, options);
}

/** Whether the same request may work soon. */
function isOutage(error: unknown): boolean {
  const { code } = Object(error) as { readonly code?: unknown };
  return code === "network" || code === "timeout";
}

/**
 * The chunks of a run: first what is there, joined, then what comes.
 *
 * @param lastChunks what the end of a run adds to its chunks
 */
export function readRun(
  client: RunClient,
  run: Address,
  { batches, end, cursor }: Replay,
  lastChunks: (end: RunEnd) => readonly Chunk[],
): ReadableStream<Chunk> {
  const queue = new ChunkQueue();
  for (const batch of batches) queue.add(batch);
  const finish = (ended: RunEnd) => queue.end(lastChunks(ended));
  const stopReading = end === null ? follow(client, run, cursor, queue, finish) : () => {};
  if (end !== null) finish(end);

  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const chunks = await queue.take();
          if (chunks === null) return controller.close();
          for (const chunk of chunks) controller.enqueue(chunk);
        } catch (error) {
          // Nobody cancels a stream that fails.
          stopReading();
          throw error;
        }
      },
      cancel: stopReading,
    },
    // Nothing is taken before the reader asks, so that more is joined.
    { highWaterMark: 0 },
  );
}

/** Adds what comes to a queue. Returns what ends that. */
function follow(
  client: RunClient,
  run: Address,
  after: string,
  queue: ChunkQueue,
  finish: (end: RunEnd) => void,
): () => void {
  const handlers = {
    chunks: (batch: ChunkBatch) => queue.add(batch),
    onEnd: finish,
    onGap: () => queue.fail(`Expected all chunks of ${run.path}, got a gap`),
    onClose: (reason: string) => queue.fail(`Expected to read ${run.path} to its end, got "${reason}"`),
  };
  const subscription = client.subscribe(run, handlers, { after });
  return () => subscription.close();
}
