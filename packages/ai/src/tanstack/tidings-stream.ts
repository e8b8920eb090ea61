import type { StreamChunk, StreamDurability } from "@tanstack/ai";
import type { Address, AddressOf, Contract } from "@tidings/contract";
import { checkMethods, checkOptions, checkRange, CLOCK_METHODS } from "@tidings/protocol/checks";
import { systemClock, type Clock } from "@tidings/protocol/clock";
import { LeaseError, type Hub } from "@tidings/server";
import { joinDeltas } from "../join-deltas.ts";
import type { ChatName, Chunk, RunName } from "../run.ts";
import { ChunkBatches } from "../server/chunk-batches.ts";
import { isReleased, LAST_CHUNKS_TIME, RunWriter, type LeasingHub } from "../server/run-writer.ts";
import { waitForBeginning } from "../server/wait-for-beginning.ts";
import { loadStoredRun, numbered, type NumberedChunk, type ReadingHub, type StoredRun } from "./stored-run.ts";

/** Options of {@link tidingsStream}. */
export interface TidingsStreamOptions<C extends Contract> {
  /** Where the chunks go. `resolveResumeRunId(request)` of TanStack AI has the id of the run. */
  readonly run: AddressOf<C, RunName<C>>;
  /** The chat of the run. It has one run at a time, and says which one that is. @default a run of no chat */
  readonly chat?: AddressOf<C, ChatName<C>>;
  /**
   * For how long the process may be held up, in milliseconds, 1,000 to 600,000. If it is silent for longer, others end
   * the run as `aborted`. @default 10_000
   */
  readonly ttl?: number;
  /**
   * How long the run may bring no chunk, in milliseconds, 1,000 to 86,400,000. Then its model is told to stop, and the
   * run ends as `aborted`. Raise it for models or tools that are silent for longer. @default 600_000, ten minutes
   */
  readonly chunkTimeout?: number;
  /** How long somebody who joins a run waits for its beginning, in milliseconds. @default 1_000 */
  readonly firstChunkDeadlineMs?: number;
  /** The clock of the hub. @default the clock of the runtime */
  readonly clock?: Clock;
}

/** A run in the log, as TanStack AI writes and reads it. An offset is the number of a chunk. */
export interface TidingsStream extends StreamDurability {
  /** Pass it to `chat` and to the response: it is aborted when the run has to come to an end. */
  readonly abortController: AbortController;
}

/** A chunk with its offset. */
interface Stored {
  readonly offset: string;
  readonly chunk: StreamChunk;
}

interface Parts {
  readonly hub: ReadingHub;
  readonly run: Address;
  /** Null for a reader. */
  readonly writer: RunWriter | null;
  /** The offset of the request; null for a writer. */
  readonly offset: string | null;
  readonly clock: Clock;
  readonly deadline: number;
}

/** By this reason, TanStack AI knows an abort that somebody has asked for. */
const CANCEL_REASON = "tanstack-ai:cancel-requested";
const OFFSET = /^(0|[1-9]\d{0,14})$/;

/**
 * Keeps a run of TanStack AI in the log: the `durability` of its responses. A request without an offset begins the run.
 * If the run has begun before, in whichever process, the request reads it, and the model is not called.
 *
 * @throws LeaseError `taken` while the chat has another run, `closing` when the hub closes
 * @throws ContractError for an address of another contract @throws TypeError for unknown options
 * @example
 * const stream = await tidingsStream(hub, request, { run: ai.run({ runId }) });
 * const { abortController } = stream;
 * const chunks = chat({ adapter, messages, abortController });
 * return toServerSentEventsResponse(chunks, { abortController, durability: { adapter: stream } });
 */
export async function tidingsStream<C extends Contract, Raw>(
  hub: Hub<C, Raw>,
  request: Request,
  options: TidingsStreamOptions<C>,
): Promise<TidingsStream> {
  checkMethods("hub", hub, ["lease", "events", "stats"]);
  checkMethods("request", request, ["clone"]);
  checkOptions("the options of tidingsStream", options, {
    run: "object",
    chat: "object",
    ttl: "number",
    chunkTimeout: "number",
    firstChunkDeadlineMs: "number",
    clock: "object",
  });
  const { run, chat, ttl = 10_000, chunkTimeout } = options;
  const { firstChunkDeadlineMs: deadline = 1_000, clock = systemClock } = options;
  checkMethods("clock", clock, CLOCK_METHODS);
  checkRange("firstChunkDeadlineMs", deadline, 0, Infinity);
  const asked = offsetOf(request);
  // Safe: the signature has checked what depends on the contract.
  const anyHub = hub as unknown as ReadingHub & LeasingHub;
  const writer = asked === null ? await RunWriter.begin(anyHub, { run, chat, ttl, chunkTimeout, clock }) : null;
  const offset = writer === null ? (asked ?? "-1") : null;
  const stored = new RunInLog({ hub: anyHub, run, writer, offset, clock, deadline });
  return {
    abortController: stored.abortController,
    resumeFrom: () => stored.resumeFrom(),
    append: (chunks) => stored.append(chunks),
    read: (from, signal) => stored.read(from, signal),
    snapshot: () => stored.snapshot(),
    close: () => stored.close(),
  };
}

class RunInLog {
  readonly abortController = new AbortController();
  readonly #parts: Parts;
  readonly #batches: ChunkBatches | null;
  #appended = 0;
  /** Over when the batches before have their offsets. */
  #appending: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | null = null;

  constructor(parts: Parts) {
    this.#parts = parts;
    const { writer, clock } = parts;
    this.#batches = writer && new ChunkBatches({ clock, publish: (chunks) => writer.publish(chunks), onFailure() {} });
    if (writer !== null) this.#abortBy(writer.signal);
  }

  resumeFrom(): string | null {
    return this.#parts.offset;
  }

  /** Stores a batch, after those before. @throws LeaseError, AppendError as `publish` of a writer does */
  append(chunks: StreamChunk[]): Promise<string[]> {
    const appended = this.#appending.then(() => this.#appendUnlessOver(chunks));
    this.#appending = appended.catch(() => {});
    return appended;
  }

  /** A hub that closes may have ended the run. Its readers get the error of that end, and TanStack AI adds its own. */
  async #appendUnlessOver(chunks: StreamChunk[]): Promise<string[]> {
    try {
      return await this.#append(chunks);
    } catch (error) {
      if (!isReleased(error) || chunks.some(({ type }: Chunk) => type !== "RUN_ERROR")) throw error;
      return chunks.map(() => String(this.#appended));
    }
  }

  async #append(chunks: StreamChunk[]): Promise<string[]> {
    const batches = this.#batches;
    if (batches === null) throw new Error(`Expected to read ${this.#parts.run.path}, got chunks to write.`);
    const first = this.#appended;
    for (const chunk of chunks) {
      await batches.add(chunk);
      // What comes before a chunk that is refused is stored, and has its number.
      this.#appended++;
    }
    await batches.flush();
    return chunks.map((_, index) => String(first + index));
  }

  /** What is there, joined, then what comes. @throws Error for an unknown run, and when a part of it is gone */
  async *read(offset: string, signal?: AbortSignal): AsyncGenerator<Stored> {
    const stored = await this.#loadBegun(signal);
    const after = numberOf(offset, stored);
    const isAsked = ({ number }: NumberedChunk) => number > after;
    yield* joined(stored.chunks.filter(isAsked)).map(storedOf);
    let next = stored.chunks.length;
    let last = stored.chunks.at(-1)?.chunk.type ?? "";
    let { end } = stored;
    if (end === null && signal?.aborted !== true) {
      const { hub, run } = this.#parts;
      const about = signal === undefined ? {} : { signal };
      for await (const item of hub.events(run, { after: stored.cursor, ...about })) {
        if (item.kind === "end") {
          end = item.data;
          break;
        }
        const chunks = numbered(run, item, next);
        next += chunks.length;
        last = chunks.at(-1)?.chunk.type ?? last;
        yield* chunks.filter(isAsked).map(storedOf);
      }
    }
    if (end !== null && end.outcome !== "finished" && last !== "RUN_ERROR") yield lastChunk(next, end.outcome);
  }

  async snapshot(): Promise<Stored[]> {
    return (await this.#load()).chunks.map(storedOf);
  }

  /** Ends the run. May be called again. @throws LeaseError `lost` */
  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async #end(): Promise<void> {
    const { writer } = this.#parts;
    await writer?.end(writer.outcome);
  }

  #load(): Promise<StoredRun> {
    const { hub, run, clock, writer } = this.#parts;
    return loadStoredRun(hub, run, { clock, atLeast: writer?.lastId ?? "" });
  }

  /** Waits for the beginning of the run: its first event may be on its way from another process. */
  async #loadBegun(signal: AbortSignal | undefined): Promise<StoredRun> {
    const { hub, run, clock, deadline } = this.#parts;
    let stored = await this.#load();
    if (!stored.hasBegun) {
      await waitForBeginning(hub, run, { clock, limit: deadline, signal });
      stored = await this.#load();
    }
    if (stored.hasBegun || signal?.aborted === true) return stored;
    if (stored.isCut) throw new Error(`Expected a run at ${run.path}, got a hub that closes; ask again.`);
    throw new Error(`Expected a run at ${run.path}, got nothing within ${deadline} ms; it may be forgotten.`);
  }

  #abortBy(signal: AbortSignal): void {
    const abort = () => {
      const { reason } = signal as { readonly reason: unknown };
      const isAsked = reason instanceof LeaseError && reason.code === "stopped";
      this.abortController.abort(isAsked ? CANCEL_REASON : reason);
      // A route that has failed before its response never closes the stream. The lease would stand for ever.
      const close = () => void this.close().catch(() => {});
      this.#parts.clock.setTimeout(close, LAST_CHUNKS_TIME, true);
    };
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort);
  }
}

/** The offset that a request names, as TanStack AI's clients send it; null for none. */
function offsetOf({ headers, url }: Request): string | null {
  return headers.get("Last-Event-ID") || new URL(url).searchParams.get("offset");
}

/** The number of the chunk after which to read. @throws Error for an offset of another kind */
function numberOf(offset: string, { chunks }: StoredRun): number {
  if (offset === "-1") return -1;
  if (offset === "now") return chunks.length - 1;
  if (OFFSET.test(offset)) return Number(offset);
  throw new Error(`Expected an offset of this run, "-1" or "now", got ${JSON.stringify(offset)}.`);
}

function joined(chunks: readonly NumberedChunk[]): NumberedChunk[] {
  const result: NumberedChunk[] = [];
  for (const { number, chunk } of chunks) {
    const last = result.at(-1);
    const both: Chunk | null = last === undefined ? null : joinDeltas(last.chunk, chunk);
    if (both !== null) result.pop();
    result.push({ number, chunk: both ?? chunk });
  }
  return result;
}

function storedOf({ number, chunk }: NumberedChunk): Stored {
  // Safe: these are the chunks that TanStack AI has made.
  return { offset: String(number), chunk: chunk as unknown as StreamChunk };
}

/** What a reader is told of a run that TanStack AI itself has not ended with a RUN_ERROR. */
const ERRORS = {
  stopped: { message: "Request aborted", code: "aborted" },
  failed: { message: "The run has failed: a part of it could not be stored.", code: "failed" },
  aborted: { message: "The run was aborted: the process that wrote it is gone.", code: "aborted" },
};

function lastChunk(number: number, outcome: keyof typeof ERRORS): Stored {
  // Safe: the type is a member of an enum. It is not imported, so that this package does not load its peer.
  return { offset: String(number), chunk: { type: "RUN_ERROR", ...ERRORS[outcome] } as unknown as StreamChunk };
}
