import type { Address } from "@tidings/contract";
import type { Entry, Hole } from "@tidings/log";
import type { ByeReason, Cursor } from "@tidings/protocol";
import type { ConnectionInfo, Viewer } from "../hub-options.ts";
import type { LowerBounds } from "../position/lower-bounds.ts";
import type { StartPosition } from "../position/start-position.ts";
import { boundsOf } from "../rights/access.ts";
import type { CommandedStream } from "../rights/commands.ts";
import type { ConnectionNeeds } from "./connection-needs.ts";
import { Lifetime, tooOldAt } from "./lifetime.ts";
import type { Consumer } from "./consumer.ts";
import { Pump } from "./pump.ts";
import type { Batch } from "../wire/batch.ts";
import type { Chunk } from "../wire/chunk.ts";
import type { Sink, StreamControl } from "../wire/sink.ts";
import { StreamWriter } from "./stream-writer.ts";

let lastId = 0;

/** One open response: a pump, which is its cursor, and a writer. */
export class Connection implements StreamControl, Consumer {
  readonly id = ++lastId;
  /** What the hooks get. */
  readonly info: ConnectionInfo<Address, Viewer>;
  readonly lifetime: Lifetime;
  readonly readableFrom: ReadonlyMap<string, string>;
  readonly #needs: ConnectionNeeds;
  readonly #pump: Pump;
  readonly #writer: StreamWriter;
  /** Whether the sink is done with, or gone. Before that, a stream that has ended may still have to say `bye`. */
  #isClosed = false;

  constructor(needs: ConnectionNeeds, sink: Sink, start: StartPosition) {
    const { clock, random, limits } = needs;
    const { viewer, viewerId, granted } = start.access;
    this.#needs = needs;
    this.#pump = new Pump(needs, start, this);
    this.#writer = new StreamWriter(needs, sink, this);
    this.info = { viewer, viewerId, addresses: Array.from(granted.values(), ({ address }) => address) };
    this.readableFrom = boundsOf(start.access);
    this.lifetime = new Lifetime(start.access.end, tooOldAt(clock.monotonic(), limits.maxAge, random()));
    this.#writer.writeHello(this.#pump.readerPosition);
    this.#writer.writeRefusals(start.access.refused);
    this.#writer.writeGap(start.holes);
  }

  get stream(): CommandedStream {
    return this;
  }

  get viewerId(): string {
    return this.info.viewerId;
  }

  get fromByPath(): LowerBounds {
    return this.#pump.fromByPath;
  }

  get isEnded(): boolean {
    return this.#pump.isEnded;
  }

  get isFull(): boolean {
    return this.#writer.isFull;
  }

  start(): void {
    this.#pump.start();
  }

  drained(): void {
    this.#writer.drained();
    this.#pump.pump();
  }

  closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#pump.end();
    this.#needs.streams.remove(this);
  }

  takeEntries(batch: Batch): void {
    if (!this.#endWithRights()) this.#writer.writeBatch(batch);
  }

  takeValues(values: readonly Entry[]): void {
    if (!this.#endWithRights()) this.#writer.writeValues(values);
  }

  takeGap(holes: readonly Hole[], head: Cursor | null): void {
    this.#writer.writeGap(holes, head);
    if (head !== null) this.#finish();
  }

  takePosition(position: Cursor): void {
    this.#writer.writeHeartbeat(position);
  }

  /** The client comes back from the position that it has. */
  beginAgain(): void {
    this.end("max-age");
  }

  noteFailure(error: unknown): void {
    this.#needs.trace.add("error", "read-failed", { connection: this.id, error });
  }

  /**
   * Ends the stream when its time is over; otherwise writes a heartbeat when one is due. Whoever calls this for many
   * streams leaves time for others.
   */
  tick(sharedHeartbeat: Chunk): void {
    if (this.isEnded) return;
    const { retryDelays, clock } = this.#needs;
    const reason = this.lifetime.over(clock);
    if (reason !== null) return this.endNow(reason, reason === "max-age" ? retryDelays.afterMaxAge() : null);
    const { readerPosition, isCaughtUp } = this.#pump;
    this.#writer.writeDueHeartbeat(readerPosition, isCaughtUp ? sharedHeartbeat : null);
  }

  holdAt(seq: number): void {
    this.#pump.holdAt(seq);
  }

  release(): void {
    this.#pump.release();
  }

  /** Ends some of the paths at once, and says so when its turn comes. The stream ends with its last path. */
  refuse(paths: readonly string[], reason: ByeReason): void {
    if (this.isEnded) return;
    const channels = this.#pump.leave(paths);
    if (channels.length === 0) return;
    if (this.fromByPath.size === 0) return this.end(reason);
    this.#needs.byes.add(() => {
      if (!this.#isClosed) this.#writer.writeBye({ reason, channels });
    });
  }

  /**
   * Ends the stream: nothing of the log is written any more. It says `bye` when its turn comes, since many may end at
   * the same moment.
   * @param retry the milliseconds after which the client should come back; null for its own
   */
  end(reason: ByeReason, retry: number | null = null): void {
    if (this.isEnded) return;
    this.#pump.end();
    this.#needs.byes.add(() => this.endNow(reason, retry));
  }

  /** Says `bye` at once, also if the stream waits for its turn to do so. */
  endNow(reason: ByeReason, retry: number | null = null): void {
    if (this.#isClosed) return;
    this.#pump.end();
    this.#writer.writeBye({ reason }, retry);
    this.#finish();
  }

  /** A right ends at its time, also if many end then, and the look at them takes a while. */
  #endWithRights(): boolean {
    const { expiresAt } = this.lifetime;
    if (expiresAt === Infinity || this.#needs.clock.now() < expiresAt) return false;
    this.end("expired");
    return true;
  }

  #finish(): void {
    this.closed();
    this.#writer.end();
  }
}
