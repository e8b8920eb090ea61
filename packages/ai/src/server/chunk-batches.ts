import type { Clock } from "@tidings/protocol/clock";
import type { Chunk } from "../run.ts";

interface ChunkBatchesNeeds {
  readonly clock: Pick<Clock, "monotonic" | "setTimeout" | "defer">;
  /** Publishes a batch as one event. */
  publish(chunks: readonly Chunk[]): Promise<unknown>;
  /** Called once, when a batch was refused. Nothing is published any more. */
  onFailure(error: unknown): void;
}

/** The shortest time between two batches, in milliseconds. */
const BATCH_TIME = 50;
/** The most characters of JSON in one batch, so that it stays below the default limit of an event. */
const MOST_CHARACTERS = 16_384;

/** Gathers chunks, so that an answer is not one event for each token. One batch is sent at a time. */
export class ChunkBatches {
  readonly #needs: ChunkBatchesNeeds;
  #waiting: Chunk[] = [];
  /** The characters of those that wait, as JSON. */
  #size = 0;
  #sentAt = -Infinity;
  #cancelTimer: (() => void) | null = null;
  #sending: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | null = null;

  constructor(needs: ChunkBatchesNeeds) {
    this.#needs = needs;
  }

  /**
   * Takes a chunk. Resolves when there is room for the next one.
   * @throws what the log has refused a batch with @throws TypeError for what is no chunk
   */
  async add(chunk: Chunk): Promise<void> {
    // The hub would refuse all chunks of the batch for it.
    checkChunk(chunk);
    const size = JSON.stringify(chunk).length;
    if (this.#size + size > MOST_CHARACTERS) await this.flush();
    this.#throwFailure();
    this.#waiting.push(chunk);
    this.#size += size;
    this.#sendLater();
  }

  /** Sends what waits. @throws as {@link add} does */
  async flush(): Promise<void> {
    this.#sendNow();
    await this.#sending;
    this.#throwFailure();
  }

  /** A chunk that comes alone is sent at the end of the turn. */
  #sendLater(): void {
    const { clock } = this.#needs;
    const wait = Math.max(0, this.#sentAt + BATCH_TIME - clock.monotonic());
    this.#cancelTimer ??= clock.setTimeout(() => this.#sendNow(), wait);
  }

  #sendNow(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#sending = this.#sending.then(() => this.#send());
  }

  async #send(): Promise<void> {
    const chunks = this.#waiting;
    if (chunks.length === 0 || this.#failure !== null) return;
    this.#waiting = [];
    this.#size = 0;
    this.#sentAt = this.#needs.clock.monotonic();
    try {
      await this.#needs.publish(chunks);
      // Neither a model nor a log need take a turn of their own, and what else the process does must get one.
      await new Promise<void>((resolve) => this.#needs.clock.defer(resolve));
    } catch (error) {
      this.#failure = { error };
      this.#needs.onFailure(error);
    }
  }

  #throwFailure(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }
}

/** @throws TypeError */
function checkChunk(chunk: unknown): void {
  const { type } = Object(chunk) as { readonly type?: unknown };
  if (typeof type === "string" && !Array.isArray(chunk)) return;
  const got = typeof chunk === "object" && chunk !== null ? `one with a type of ${typeof type}` : String(chunk);
  throw new TypeError(`Expected each chunk to be an object with a type, as "text-delta", got ${got}.`);
}
