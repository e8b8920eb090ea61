import type { Entry, Hole } from "@tidings/log";
import { formatControl, formatCursor, formatRetry, type ControlEvents, type Cursor } from "@tidings/protocol";
import type { Clock } from "@tidings/protocol/clock";
import type { Trace } from "../runtime/trace.ts";
import type { Batch } from "../wire/batch.ts";
import { joinChunks, toChunk, type Chunk } from "../wire/chunk.ts";
import { controlFrame, entryFrame, gapData, refusalFrames } from "../wire/frame.ts";
import type { RetryDelays } from "./retry-delays.ts";
import type { Sink } from "../wire/sink.ts";

/** What all writers of a hub need. */
export interface StreamWriterNeeds {
  readonly retryDelays: Pick<RetryDelays, "window" | "afterBreak">;
  /** Milliseconds between heartbeats on an idle stream. */
  readonly heartbeat: number;
  /** What every stream begins with. */
  readonly hello: ControlEvents["hello"];
  readonly clock: Pick<Clock, "monotonic">;
  readonly trace: Trace;
}

/** The stream that a writer writes. */
interface WrittenStream {
  /** The name of the stream in the trace. */
  readonly id: number;
  /** Nothing more is written then, except for `bye`. */
  readonly isEnded: boolean;
  /** The sink has thrown, so nobody reads the stream any more. */
  closed(): void;
}

/**
 * Writes the frames of one stream to its sink, and knows when the next heartbeat is due. It knows nothing of what is
 * owed: the connection tells it what to write, and which position the reader may have. A position is null as long as
 * the reader must not have it.
 */
export class StreamWriter {
  readonly #needs: StreamWriterNeeds;
  readonly #sink: Sink;
  readonly #stream: WrittenStream;
  /** The last `seq` of all holes that were reported. */
  #holesEnd = 0;
  /** Whether the reader waits for a heartbeat with an id, which tells it that a gap is over. */
  #isGapOpen = false;
  #isFull = false;
  /** When the last frame with an id was written, in milliseconds of running time. */
  #lastIdAt: number;
  /** The window that the reader's `retry` was drawn from, in milliseconds. */
  #retryWindow = 0;

  constructor(needs: StreamWriterNeeds, sink: Sink, stream: WrittenStream) {
    this.#needs = needs;
    this.#sink = sink;
    this.#stream = stream;
    this.#lastIdAt = needs.clock.monotonic();
  }

  /** Whether the sink has asked to wait. What is written all the same waits in the memory of the process. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** The sink accepts bytes again. */
  drained(): void {
    this.#isFull = false;
  }

  writeHello(position: Cursor | null): void {
    this.#write(toChunk(this.#drawRetry() + formatControl("hello", this.#needs.hello, idOf(position))));
  }

  writeRefusals(refused: ReadonlyMap<string, "forbidden" | "unknown">): void {
    for (const frame of refusalFrames(refused)) this.#write(frame);
  }

  /** Writes nothing without a hole. @param head where to go on when the reader's own position is void */
  writeGap(holes: readonly Hole[], head: Cursor | null = null): void {
    this.#holesEnd = Math.max(this.#holesEnd, ...holes.map(({ to }) => to));
    if (holes.length === 0) return;
    this.#isGapOpen = true;
    this.#write(controlFrame("gap", gapData(holes), idOf(head)));
    const detail = holes.map(({ channel }) => channel).join(" ");
    this.#needs.trace.add("debug", "gap", { connection: this.#stream.id, detail });
  }

  /** Current values have no id: they must not move the reader's position. */
  writeValues(values: readonly Entry[]): void {
    if (values.length > 0) this.#write(joinChunks(values.map((entry) => entryFrame(entry, null))));
  }

  writeBatch(batch: Batch): void {
    const { clock, trace } = this.#needs;
    const { entries } = batch;
    if (entries.some(({ mode }) => mode !== "volatile")) this.#lastIdAt = clock.monotonic();
    if (entries.length > 0) this.#write(batch.chunk);
    for (const entry of entries) trace.stage("write", entry, entry, { connection: this.#stream.id });
  }

  /**
   * Writes a heartbeat when one is due. It brings another `retry` as soon as the window has doubled. That happens a few
   * times in a stream's life, and at another time for each stream that began at another time.
   *
   * @param shared the heartbeat of a stream that has everything; null for others
   */
  writeDueHeartbeat(position: Cursor | null, shared: Chunk | null): void {
    if (this.#isFull) return;
    const { heartbeat, retryDelays, clock } = this.#needs;
    const now = clock.monotonic();
    const isRetryDue = retryDelays.window() > 2 * this.#retryWindow;
    // On a busy stream, no other frame says that a gap is over if its channel has only values.
    const endsGap = this.#isGapOpen && !this.#isInHole(position);
    if (!isRetryDue && !endsGap && now - this.#lastIdAt < heartbeat) return;
    this.#lastIdAt = now;
    if (isRetryDue) this.writeHeartbeat(position, this.#drawRetry());
    else if (shared === null || endsGap) this.writeHeartbeat(position);
    else this.#write(shared);
  }

  /** Without the position while that lies inside of a hole: to a reader, a heartbeat lies after every gap before it. */
  writeHeartbeat(position: Cursor | null, retry = ""): void {
    const shown = this.#isInHole(position) ? null : position;
    if (shown !== null) this.#isGapOpen = false;
    this.#write(toChunk(retry + formatControl("heartbeat", {}, idOf(shown))));
  }

  /** Also while the reader must not have the position. */
  #isInHole(position: Cursor | null): boolean {
    return position === null || position.seq < this.#holesEnd;
  }

  /** @param retry the milliseconds after which the client should come back; null for its own */
  writeBye(bye: ControlEvents["bye"], retry: number | null = null): void {
    this.#send(toChunk((retry === null ? "" : formatRetry(retry)) + formatControl("bye", bye)));
  }

  /** No more will come. */
  end(): void {
    void this.#needs.trace.guard("hook-failed", () => this.#sink.end(), { detail: "sink" });
  }

  /** A `retry` field with a random delay: the more clients are here, the wider the window. */
  #drawRetry(): string {
    const { retryDelays } = this.#needs;
    this.#retryWindow = retryDelays.window();
    return formatRetry(retryDelays.afterBreak(this.#retryWindow));
  }

  #write(chunk: Chunk): void {
    if (!this.#stream.isEnded) this.#send(chunk);
  }

  #send({ bytes, framed }: Chunk): void {
    try {
      if (!this.#sink.write(bytes, framed)) this.#isFull = true;
    } catch (error) {
      // A sink that throws must not harm the other connections.
      this.#needs.trace.add("error", "hook-failed", { connection: this.#stream.id, detail: "sink", error });
      this.#stream.closed();
    }
  }
}

function idOf(position: Cursor | null): string | null {
  return position === null ? null : formatCursor(position);
}
