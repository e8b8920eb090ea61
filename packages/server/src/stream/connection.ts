import type { Address } from "@tidings/contract";
import type { Page } from "@tidings/log";
import type { ByeReason, Cursor } from "@tidings/protocol";
import type { ConnectionInfo, Viewer } from "../hub-options.ts";
import { hasVoidBound, isReadable, owedOf, pageUpTo } from "../position/owed.ts";
import type { StartPosition } from "../position/start-position.ts";
import { boundsOf, endOf } from "../rights/access.ts";
import { READ_RETRY } from "../runtime/limits.ts";
import { sleep } from "../runtime/sleep.ts";
import type { ConnectionNeeds } from "./connection-needs.ts";
import { CONFIRMED, firstPhase, entrySourceOf, type Phase, type Work } from "./connection-state.ts";
import { Lifetime, tooOldAt } from "./lifetime.ts";
import { ReportedHoles } from "./reported-holes.ts";
import type { Sink, StreamControl } from "../wire/sink.ts";
import { StreamWriter } from "./stream-writer.ts";

let lastId = 0;

/**
 * One open response: a cursor and a writer. `pump` takes what is owed from the ring, else from the log, while the
 * writer is not full. An entry is owed if and only if its `seq` is greater than those of the cursor and of the lower
 * bound of its path (law 1).
 *
 * So the cursor is the only state of the delivery. The other state says where the connection is in its work:
 * - `#work`: what it is doing, or what it waits for ({@link Work})
 * - `#phase`: whether the position may be given to the reader yet ({@link Phase})
 * - `#upTo`: how far it may write while `authorize` is asked again
 * - `#exhaustedAt`: up to which head the log has nothing more for it
 * - `#reading`: what gives up the read that is under way
 * - `fromByPath`: the paths that it follows; a path that is refused leaves
 * - the writer, the lifetime and the reported holes have an object of their own
 */
export class Connection implements StreamControl {
  readonly id = ++lastId;
  /** The lower bound of each path that it follows. A bound never changes; a path that is refused leaves. */
  readonly fromByPath: Map<string, number>;
  /** What the hooks get. */
  readonly info: ConnectionInfo<Address, Viewer>;
  readonly lifetime: Lifetime;
  readonly readableFrom: ReadonlyMap<string, string>;
  readonly #needs: ConnectionNeeds;
  readonly #writer: StreamWriter;
  readonly #readableFromByPath: StartPosition["readableFromByPath"];
  /** The epoch in which the lower bounds are positions. */
  readonly #epoch: string;
  /** Out of date while the work is `caught up`: use {@link cursor}. */
  #cursor: Cursor;
  #work: Work = "ready";
  #phase: Phase;
  #upTo = Infinity;
  /** The ring's head when the log had nothing more after the cursor; null when it had more. */
  #exhaustedAt: Cursor | null = null;
  readonly #reportedHoles = new ReportedHoles();
  /** Gives up the read that is under way; null before the first one. */
  #reading: AbortController | null = null;

  constructor(needs: ConnectionNeeds, sink: Sink, start: StartPosition) {
    const { ring, clock, random, limits } = needs;
    const { viewer, granted } = start.access;
    this.#needs = needs;
    this.#writer = new StreamWriter(needs, sink, this);
    this.#readableFromByPath = start.readableFromByPath;
    this.#epoch = start.epoch;
    this.fromByPath = start.fromByPath;
    this.info = { viewer, addresses: Array.from(granted.values(), ({ address }) => address) };
    this.readableFrom = boundsOf(start.access);
    this.lifetime = new Lifetime(endOf(start.access), tooOldAt(clock.monotonic(), limits.maxAge, random()));
    this.#cursor = start.cursor;
    this.#phase = firstPhase(start, ring);
    this.#writer.writeHello(this.#readerPosition());
    this.#writer.writeRefusals(start.access.refused);
    this.#writer.writeGap(start.holes);
  }

  get cursor(): Cursor {
    return this.#work === "caught up" ? this.#needs.ring.head : this.#cursor;
  }

  /** The `seq` up to which it may write; `Infinity` unless {@link holdAt} has set it. */
  get upTo(): number {
    return this.#upTo;
  }

  get isEnded(): boolean {
    return this.#work === "ended";
  }

  /** Goes on as far as it can: until it waits for something, or the turn of the event loop is over. */
  pump(): void {
    while (this.#canPump()) {
      if (this.#needs.wakeQueue.isTurnOver) return this.#needs.wakeQueue.add(this);
      if (this.#phase.name === "current values") void this.#readCurrentValues(this.#phase);
      else this.#takeOwed();
    }
  }

  /** Notes that the ring has moved away from `headBefore`. Says whether the connection can go on now. */
  wake(headBefore: Cursor): boolean {
    switch (this.#work) {
      case "caught up":
        this.#cursor = headBefore;
        this.#become("ready");
        break;
      case "waiting for ring":
        this.#become("ready");
        break;
      case "ready":
      case "reading":
      case "held":
      case "ended":
    }
    return this.#canPump();
  }

  drained(): void {
    this.#writer.drained();
    this.pump();
  }

  closed(): void {
    if (this.isEnded) return;
    this.#become("ended");
    this.#reading?.abort();
    this.#needs.streams.remove(this);
  }

  /** Ends the stream when its time is over; otherwise writes a heartbeat when one is due. */
  tick(sharedHeartbeat: Uint8Array): void {
    const { retryDelays, clock } = this.#needs;
    const reason = this.lifetime.over(clock);
    if (reason !== null) return this.end(reason, reason === "max-age" ? retryDelays.afterMaxAge() : null);
    this.#writer.writeDueHeartbeat(this.#readerPosition(), this.#work === "caught up" ? sharedHeartbeat : null);
  }

  holdAt(seq: number): void {
    this.#upTo = seq;
    this.#goOn();
  }

  release(): void {
    this.#upTo = Infinity;
    this.#goOn();
  }

  /** Ends some of the paths. The stream ends with its last path. */
  refuse(paths: readonly string[], reason: ByeReason): void {
    if (this.isEnded) return;
    const refused = paths.filter((path) => this.fromByPath.delete(path));
    if (refused.length === 0) return;
    this.#needs.followers.unfollow(this, refused);
    if (this.fromByPath.size === 0) this.end(reason);
    else this.#writer.writeBye({ reason, channels: refused });
  }

  /**
   * Says `bye` and ends the stream.
   * @param retry the milliseconds after which the client should come back; null for its own
   */
  end(reason: ByeReason, retry: number | null = null): void {
    if (this.isEnded) return;
    this.#writer.writeBye({ reason }, retry);
    this.#finish();
  }

  #finish(): void {
    this.closed();
    this.#writer.end();
  }

  /** The only place where the work changes. */
  #become(work: Work): void {
    if (this.#work !== "ended") this.#work = work;
  }

  /** The end of what it may write has moved. */
  #goOn(): void {
    if (this.#work === "held") this.#become("ready");
    if (this.#canPump()) this.#needs.wakeQueue.add(this);
  }

  #canPump(): boolean {
    return this.#work === "ready" && !this.#writer.isFull;
  }

  #takeOwed(): void {
    const { ring, followers } = this.#needs;
    if (this.#cursor.seq >= this.#upTo) return this.#become("held");
    switch (entrySourceOf(this.#cursor, this.#phase, ring, this.#exhaustedAt)) {
      case "ring":
        return this.#takeFromRing();
      case "log":
        return void this.#readLog();
      case "ring, later":
        this.#become("waiting for ring");
        return followers.waitForRing(this);
    }
  }

  #takeFromRing(): void {
    const { ring, clock } = this.#needs;
    const batch = ring.nextBatch(this, clock.now());
    // A copy: the entry of a batch must not be kept after the ring has dropped it.
    const { epoch, seq } = batch?.next ?? { ...ring.head, seq: Math.min(ring.head.seq, this.#upTo) };
    if (epoch !== this.#cursor.epoch) {
      const epochEnd = { epoch: this.#cursor.epoch, seq: ring.endOf(this.#cursor.epoch) };
      if (hasVoidBound(this.fromByPath, this.#epoch, epochEnd, { epoch, seq })) return this.end("max-age");
      this.#reportedHoles.forget();
    }
    this.#cursor = { epoch, seq };
    if (batch !== null) this.#writer.writeEntries(batch.entries, batch.bytes);
    else if (this.#upTo >= ring.head.seq) this.#become("caught up");
  }

  /** Reads the log when its turn comes, handles the result, and goes on. */
  async #read<Result>(
    paths: readonly string[],
    read: (signal: AbortSignal) => Promise<Result>,
    handle: (result: Result) => void,
  ): Promise<void> {
    const { reads, clock, trace } = this.#needs;
    this.#become("reading");
    const reading = new AbortController();
    this.#reading = reading;
    try {
      const result = await reads(read, { paths, gone: reading.signal });
      if (!this.isEnded) handle(result);
    } catch (error) {
      if (this.isEnded) return;
      trace.add("error", "read-failed", { connection: this.id, error });
      // The signal of this read: Node warns when each stream adds a listener to one signal of the hub.
      await sleep(clock, READ_RETRY, reading.signal);
    }
    // What was read may have to wait until `authorize` has answered.
    if (this.#work === "reading") this.#become("ready");
    this.pump();
  }

  #readCurrentValues({ paths, after }: Phase & { readonly name: "current values" }): Promise<void> {
    const { log, streamReadLimit } = this.#needs;
    return this.#read(
      paths,
      async () => ({ page: await log.current(paths, after, streamReadLimit), head: await log.head() }),
      ({ page, head }) => this.#handleCurrentValues(page, head, paths),
    );
  }

  #handleCurrentValues({ entries, next, more }: Page, head: Cursor, paths: readonly string[]): void {
    // After a failover, entries that are still owed would follow values that may be newer: the client starts again.
    if (head.epoch !== this.#epoch) return this.end("max-age");
    // A value is not owed again, so none may be left out. They are read once more when the answer is there.
    if (entries.some(({ seq }) => seq > this.#upTo)) return this.#become("held");
    // A path may have been refused meanwhile.
    const values = entries.filter(
      (entry) => this.fromByPath.has(entry.channel) && isReadable(entry, this.#readableFromByPath),
    );
    this.#writer.writeValues(values);
    this.#phase = more ? { name: "current values", paths, after: next } : CONFIRMED;
    // All values are written, so the reader may have the position that was read before them.
    if (!more) this.#writer.writeHeartbeat(this.#readerPosition());
  }

  #readLog(): Promise<void> {
    const { log, ring, streamReadLimit } = this.#needs;
    const position = this.#cursor;
    const ringHead = ring.head;
    const paths = [...this.fromByPath.keys()];
    return this.#read(
      paths,
      (signal) => log.read(position, paths, streamReadLimit, signal),
      (page) => this.#handlePage(page, position, ringHead),
    );
  }

  /** @param position where the read began @param ringHead the ring's head at that moment */
  #handlePage(whole: Page, position: Cursor, ringHead: Cursor): void {
    const isVoid = whole.holes.some(({ reason }) => reason !== "trimmed");
    const page = isVoid ? whole : pageUpTo(whole, this.#upTo, position);
    const { entries, holes } = owedOf(page, this.fromByPath, position);
    if (holes.some(({ reason }) => reason !== "trimmed")) {
      this.#writer.writeGap(holes, page.next);
      return this.#finish();
    }
    if (hasVoidBound(this.fromByPath, this.#epoch, position, page.next)) return this.end("max-age");
    // What was reported in the former epoch says nothing about positions that were written again.
    if (page.next.epoch !== position.epoch) this.#reportedHoles.forget();
    this.#writer.writeGap(this.#reportedHoles.takeNew(holes));
    this.#cursor = page.next;
    this.#exhaustedAt = page.more ? null : ringHead;
    const hasWrittenId = this.#writer.writeEntries(entries);
    if (this.#phase.name === "confirmed") return;
    // The hello had no id, since the log had not confirmed the position yet.
    this.#phase = CONFIRMED;
    if (!hasWrittenId) this.#writer.writeHeartbeat(this.#readerPosition());
  }

  /** The position as far as the reader may have it; null before it is the reader's. */
  #readerPosition(): Cursor | null {
    return this.#phase.name === "confirmed" ? this.cursor : null;
  }
}
