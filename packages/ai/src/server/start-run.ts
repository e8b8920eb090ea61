import type { Address, AddressOf, Contract } from "@tidings/contract";
import { callSafely } from "@tidings/protocol/call-safely";
import { checkMethods, checkOptions, checkType, CLOCK_METHODS, typeNameOf } from "@tidings/protocol/checks";
import { systemClock, type Clock } from "@tidings/protocol/clock";
import { LeaseError, type Hub } from "@tidings/server";
import type { ChatName, Chunk, RunEnd, RunName } from "../run.ts";
import { ChunkBatches } from "./chunk-batches.ts";
import { LAST_CHUNKS_TIME, RunWriter, type LeasingHub } from "./run-writer.ts";
import { waitForBeginning, type FollowingHub } from "./wait-for-beginning.ts";

/** Options of {@link startRun}. */
export interface StartRunOptions<C extends Contract> {
  /** Where the chunks go. A run begins once: the id of a run is that of the request which starts it. */
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
  /** Gets what `produce`, its stream or the log has thrown. @default console.error */
  readonly onError?: (error: unknown) => void;
  /** The clock of the hub. @default the clock of the runtime */
  readonly clock?: Clock;
}

/** The chunks of a model, for example those of `toUIMessageStream()` of the AI SDK. */
export type ChunkStream = ReadableStream<Chunk> | AsyncIterable<Chunk>;

/** Calls the model. */
export type Produce = (run: {
  /** Aborted when the run has to come to an end. Pass it on to the model. */
  readonly signal: AbortSignal;
}) => ChunkStream | Promise<ChunkStream>;

/** What {@link startRun} answers. */
export interface StartedRun {
  /** False if the run had begun before: then `produce` is not called. */
  readonly isNew: boolean;
  /** Resolves when this process has nothing more to do for the run. It never rejects. */
  readonly ended: Promise<void>;
}

/** Within which time others end the run of a process that has died, after its lease. Milliseconds. */
const NOTICED = 2_000;

/**
 * Starts a run: publishes the chunks of a model until it is done, with or without readers. Resolves when the log has
 * the beginning, whichever process has written it. A run that is started twice begins once, over all processes.
 *
 * @throws LeaseError `taken` while the chat has another run, `closing` when the hub closes
 * @throws ContractError for an address of another contract @throws TypeError for unknown options
 * @example
 * await startRun(hub, { chat: ai.chat({ chatId }), run: ai.run({ chatId, runId }) }, ({ signal }) =>
 *   streamText({ model, messages, abortSignal: signal }).toUIMessageStream(),
 * );
 */
export async function startRun<C extends Contract, Raw>(
  hub: Hub<C, Raw>,
  options: StartRunOptions<C>,
  produce: Produce,
): Promise<StartedRun> {
  checkMethods("hub", hub, ["lease", "events"]);
  checkOptions("the options of startRun", options, {
    run: "object",
    chat: "object",
    ttl: "number",
    chunkTimeout: "number",
    onError: "function",
    clock: "object",
  });
  // A call without it would pass the check of an option.
  checkType("produce", produce ?? null, "function");
  const { run, chat, ttl = 10_000, chunkTimeout, onError = console.error, clock = systemClock } = options;
  checkMethods("clock", clock, CLOCK_METHODS);
  checkRun(run);
  // Safe: the signature has checked what depends on the contract.
  const anyHub = hub as unknown as LeasingHub & FollowingHub;
  const writer = await RunWriter.begin(anyHub, { run, chat, ttl, chunkTimeout, clock });
  const report = (error: unknown) => callSafely(() => onError(error));
  if (writer !== null) return { isNew: true, ended: write(writer, produce, { clock, report }) };
  // Its writer has its lease. So it begins within that time, or is ended.
  await waitForBeginning(anyHub, run, { clock, limit: ttl + NOTICED });
  return { isNew: false, ended: Promise.resolve() };
}

/** Plain JavaScript may pass the address of the chat. @throws TypeError */
function checkRun(run: unknown): void {
  const { path, params } = (run ?? {}) as Partial<Address>;
  if (typeof params?.["runId"] === "string") return;
  const got = typeof path === "string" ? `the path ${JSON.stringify(path)}` : typeNameOf(run);
  throw new TypeError(`Expected "run" to be an address of a channel made by runChannel, got ${got}.`);
}

interface WriteNeeds {
  readonly clock: Clock;
  /** Never throws. */
  readonly report: (error: unknown) => void;
}

/** Writes a run to its end. Never rejects. */
async function write(writer: RunWriter, produce: Produce, needs: WriteNeeds): Promise<void> {
  const end = await copy(writer, produce, needs);
  try {
    await writer.end(end);
  } catch (error) {
    // Others have ended the run.
    if (!isLost(error)) needs.report(error);
  }
}

/** Publishes the chunks. Resolves with how the run ends. */
async function copy(writer: RunWriter, produce: Produce, { clock, report }: WriteNeeds): Promise<RunEnd> {
  const failing = new AbortController();
  const signal = AbortSignal.any([writer.signal, failing.signal]);
  const batches = new ChunkBatches({
    clock,
    publish: (chunks) => writer.publish(chunks),
    onFailure: (error) => failing.abort(error),
  });
  const limit = new LastChunks(signal, clock);
  try {
    const producing = produceWith(produce, signal);
    // What is not there in time is given up, and so is what it would bring.
    const stream = await Promise.race([producing, limit.over]);
    if (stream === null) void producing.then((late) => toReadable(late).cancel()).catch(() => {});
    else await forEachChunk(stream, limit, (chunk) => batches.add(chunk));
    await batches.flush();
    return writer.outcome;
  } catch (error) {
    // What came before the error is published, unless it was the log that has failed.
    await batches.flush().catch(() => {});
    // Many models throw when they are stopped.
    if (writer.signal.aborted) return writer.outcome;
    report(error);
    return { outcome: "failed", reason: null };
  } finally {
    limit.close();
  }
}

/**
 * Makes a promise of everything, also of an error that is thrown at once.
 * @throws TypeError for what is no stream, since programs without types may return anything
 */
async function produceWith(produce: Produce, signal: AbortSignal): Promise<ChunkStream> {
  const stream: unknown = await produce({ signal });
  if (isStream(stream)) return stream;
  const got = stream === null ? "null" : typeof stream;
  const how = "with the AI SDK, return result.toUIMessageStream()";
  throw new TypeError(`Expected "produce" to return a ReadableStream or an async iterable, got ${got}; ${how}.`);
}

function isStream(value: unknown): value is ChunkStream {
  if (typeof value !== "object" || value === null) return false;
  return value instanceof ReadableStream || Symbol.asyncIterator in value;
}

async function forEachChunk(
  stream: ChunkStream,
  limit: LastChunks,
  take: (chunk: Chunk) => Promise<void>,
): Promise<void> {
  const reader = toReadable(stream).getReader();
  // Ends a read that waits. What the stream says about it comes with that read.
  const cancel = () => void reader.cancel().catch(() => {});
  void limit.over.then(cancel);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      await take(value);
    }
  } finally {
    cancel();
  }
}

/** A stream, whose read can be ended while it waits. */
function toReadable(stream: ChunkStream): ReadableStream<Chunk> {
  if (stream instanceof ReadableStream) return stream;
  const iterator = stream[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const next = await iterator.next();
      if (next.done === true) controller.close();
      else controller.enqueue(next.value);
    },
    cancel: async () => void (await iterator.return?.()),
  });
}

/** The time for the last chunks after a signal was aborted. */
class LastChunks {
  /** Resolves when the time is over. */
  readonly over: Promise<null>;
  readonly #signal: AbortSignal;
  #begin = (): void => {};
  #cancelTimer = (): void => {};

  constructor(signal: AbortSignal, clock: Pick<Clock, "setTimeout">) {
    this.#signal = signal;
    this.over = new Promise((resolve) => {
      this.#begin = () => {
        this.#cancelTimer = clock.setTimeout(() => resolve(null), LAST_CHUNKS_TIME);
      };
    });
    if (signal.aborted) this.#begin();
    else signal.addEventListener("abort", this.#begin);
  }

  close(): void {
    this.#signal.removeEventListener("abort", this.#begin);
    this.#cancelTimer();
  }
}

function isLost(error: unknown): boolean {
  return error instanceof LeaseError && error.code === "lost";
}
