import type { Address } from "@tidings/contract";
import { checkRange } from "@tidings/protocol/checks";
import { sleep, type Clock } from "@tidings/protocol/clock";
import { LeaseError, PublishError } from "@tidings/server";
import type { ActiveRun, Chunk, ChunkBatch, RunEnd } from "../run.ts";

/** What a lease gives. The types of the contract have been checked where the hub was passed. */
interface LeasedWriter {
  readonly askedAt: string;
  readonly signal: AbortSignal;
  publish(type: string, data: ChunkBatch | ActiveRun): Promise<{ readonly id: string }>;
  end(data: RunEnd): Promise<unknown>;
  release(): Promise<void>;
}

interface RunLease {
  readonly ttl: number;
  readonly aborted: RunEnd;
}

interface ChatLease {
  readonly ttl: number;
  readonly stopsSince: string;
}

/** What it needs of a hub. */
export interface LeasingHub {
  lease(address: Address, options: RunLease | ChatLease): Promise<LeasedWriter>;
}

/** Which run to write, and where to say that it is active. */
export interface RunPlace {
  readonly run: Address;
  /** Undefined for a run of no chat. */
  readonly chat: Address | undefined;
  /** How long the leases hold, in milliseconds. */
  readonly ttl: number;
  /** How long the run may bring nothing, in milliseconds. Its model hangs, or the application has forgotten it. */
  readonly chunkTimeout: number | undefined;
  readonly clock: Pick<Clock, "setTimeout">;
}

/** How long to wait before the log is asked again to take an end that it has refused, in milliseconds. */
const RETRY_DELAY = 500;
/** What `chunkTimeout` may be, in milliseconds. */
const CHUNK_TIMEOUT = { least: 1_000, most: 86_400_000, default: 600_000 };
/** How long a model may go on after the signal of its run was aborted, in milliseconds. */
export const LAST_CHUNKS_TIME = 2_000;
const ABORTED: RunEnd = { outcome: "aborted", reason: null };

interface Timing {
  readonly clock: RunPlace["clock"];
  readonly chunkTimeout: number;
}

/** The only one that writes a run, over all processes of a log. Its chat has no other run meanwhile. */
export class RunWriter {
  /** Aborted when the run has to come to an end. The reason is a LeaseError, or says that nothing has come. */
  readonly signal: AbortSignal;
  readonly #run: LeasedWriter;
  readonly #chat: LeasedWriter | null;
  readonly #clock: RunPlace["clock"];
  readonly #chunkTimeout: number;
  readonly #silent = new AbortController();
  #cancelSilence = (): void => {};
  #next = 0;
  #lastId = "";
  /** Whether a chunk says that the model has failed, or could not be stored. */
  #hasFailed = false;

  /**
   * Begins a run.
   * @returns null if somebody has begun it before, also if it has ended
   * @throws LeaseError `taken` while the chat has another run, and as `hub.lease` does
   * @throws TypeError for times out of their range
   */
  static async begin(hub: LeasingHub, place: RunPlace): Promise<RunWriter | null> {
    const { chunkTimeout = CHUNK_TIMEOUT.default } = place;
    checkRange("chunkTimeout", chunkTimeout, CHUNK_TIMEOUT.least, CHUNK_TIMEOUT.most);
    const run = await leaseNew(hub, place);
    if (run === null) return null;
    const { chat, ttl, clock } = place;
    const timing = { clock, chunkTimeout };
    let writer = new RunWriter(run, null, timing);
    try {
      // A stop of the chat while its run begins is meant for this run.
      const lease = { ttl, stopsSince: run.askedAt };
      if (chat !== undefined) writer = new RunWriter(run, await hub.lease(chat, lease), timing);
      await writer.#announce(place.run.params);
      return writer;
    } catch (error) {
      // Somebody may read it already, and the chat must be free. Not awaited: this may take as long as the log stores
      // nothing.
      void writer.end(ABORTED).catch(() => {});
      throw error;
    }
  }

  private constructor(run: LeasedWriter, chat: LeasedWriter | null, { clock, chunkTimeout }: Timing) {
    this.#run = run;
    this.#chat = chat;
    this.#clock = clock;
    this.#chunkTimeout = chunkTimeout;
    const leases = chat === null ? [run.signal] : [run.signal, chat.signal];
    this.signal = AbortSignal.any([...leases, this.#silent.signal]);
  }

  /** The id of the last batch that the log has. */
  get lastId(): string {
    return this.#lastId;
  }

  /** How the run ends when nothing more comes. */
  get outcome(): RunEnd {
    if (this.signal.aborted) return endBy(this.signal);
    return { outcome: this.#hasFailed ? "failed" : "finished", reason: null };
  }

  /**
   * Publishes chunks as one event, after those before. What the log refuses just now is tried again: an answer is worth
   * more than a few seconds.
   *
   * @throws LeaseError, ContractError as `publish` of a writer does
   */
  async publish(chunks: readonly Chunk[]): Promise<void> {
    this.#hasFailed ||= chunks.some(saysFailure);
    try {
      await this.#untilStored(() => this.#publish(chunks));
    } catch (error) {
      this.#hasFailed = true;
      throw error;
    }
  }

  async #publish(chunks: readonly Chunk[]): Promise<void> {
    this.#limitSilence();
    const { id } = await this.#run.publish("chunks", { first: this.#next, chunks });
    this.#next += chunks.length;
    this.#lastId = id;
  }

  /**
   * Ends the run. If the log refuses it, it is tried again until the lease is lost: a writer that lives and does not
   * end would keep its chat busy for ever. A hub that closes may have ended it already, since that took too long.
   *
   * @throws LeaseError `lost`
   */
  async end(end: RunEnd): Promise<void> {
    this.#cancelSilence();
    try {
      await this.#end(end);
    } catch (error) {
      if (!isReleased(error)) throw error;
    }
  }

  async #end(end: RunEnd): Promise<void> {
    try {
      // First the chat: who hears of the end may begin the next run at once.
      await this.#leaveChat(end);
    } finally {
      await this.#untilStored(() => this.#run.end(end));
    }
  }

  /**
   * Tries again what the log refuses just now. Without it, a writer would keep its lease, and readers would wait for
   * ever. If the log takes nothing for as long as the lease holds, the writer loses the lease, and others end the run.
   */
  async #untilStored(task: () => Promise<unknown>): Promise<void> {
    for (;;) {
      try {
        return void (await task());
      } catch (error) {
        if (!isRefusedNow(error)) throw error;
        await sleep(this.#clock, RETRY_DELAY);
      }
    }
  }

  #limitSilence(): void {
    this.#cancelSilence();
    const giveUp = () => {
      this.#silent.abort(new Error(`Expected chunks of the run, got none for ${this.#chunkTimeout} ms.`));
    };
    this.#cancelSilence = this.#clock.setTimeout(giveUp, this.#chunkTimeout, true);
  }

  /** Says that the run has begun: a reader that finds nothing of a run knows that it is gone. */
  async #announce({ runId = "" }: Readonly<Record<string, string>>): Promise<void> {
    await this.#publish([]);
    await this.#chat?.publish("activeRun", { runId });
  }

  async #leaveChat({ outcome }: RunEnd): Promise<void> {
    const chat = this.#chat;
    if (chat === null) return;
    // What nobody has saved can be read as long as the log has it.
    const isSaved = outcome === "finished" || outcome === "stopped";
    if (isSaved) await this.#untilStored(() => chat.publish("activeRun", { runId: null }));
    await this.#untilStored(() => chat.release());
  }
}

/** The end of a run that has to come to an end by the signal of its writer. */
function endBy({ reason }: AbortSignal): RunEnd {
  if (!(reason instanceof LeaseError) || reason.code !== "stopped") return ABORTED;
  return { outcome: "stopped", reason: reason.reason === "" ? null : reason.reason };
}

/** Whether a model says with a chunk that it has failed: in the AI SDK, or in TanStack AI. */
function saysFailure({ type }: Chunk): boolean {
  return type === "error" || type === "RUN_ERROR";
}

/** Whether the log has stored nothing, and the lease still stands: an AppendError. */
function isRefusedNow(error: unknown): boolean {
  return (Object(error) as { readonly outcome?: unknown }).outcome === "none";
}

/** Whether the writer has been given up, which only its hub does besides this class. */
export function isReleased(error: unknown): boolean {
  return error instanceof LeaseError && error.code === "released";
}

/** Takes the lease of a run. Returns null if another one has it, or if the run has ended. */
async function leaseNew(hub: LeasingHub, { run, ttl }: RunPlace): Promise<LeasedWriter | null> {
  try {
    return await hub.lease(run, { ttl, aborted: ABORTED });
  } catch (error) {
    const isTaken = error instanceof LeaseError && error.code === "taken";
    const isOver = error instanceof PublishError && error.code === "ended";
    if (isTaken || isOver) return null;
    throw error;
  }
}
